package org.sparklstm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import onnx.Onnx.ModelProto;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklstm.cli.TrainCommandTest.Result;
import org.sparklstm.testing.Models;

class ExportCommandTest {
  @TempDir private Path directory;

  @Test
  void aModelBecomesAFileThatIsNotReplacedUnasked() throws IOException {
    String model = Models.save(Models.of(1), directory.resolve("run")).toString();
    Path file = directory.resolve("model.onnx");
    String[] args = {"--model-path", model, "--onnx", file.toString()};

    assertThat(TrainCommandTest.run(new ExportCommand(), args)).isEqualTo(new Result(0, "", ""));
    ModelProto read = ModelProto.parseFrom(Files.readAllBytes(file));
    assertThat(read.getMetadataProps(0).getValue()).isEqualTo(String.join("\n", Models.WORDS));

    Result again = TrainCommandTest.run(new ExportCommand(), args);
    assertThat(again.status()).isEqualTo(1);
    assertThat(again.err()).contains("it exists; replace it with --overwrite");
    assertThat(
            TrainCommandTest.run(
                    new ExportCommand(),
                    "--model-path",
                    model,
                    "--onnx",
                    file.toString(),
                    "--overwrite")
                .status())
        .isZero();
  }
}

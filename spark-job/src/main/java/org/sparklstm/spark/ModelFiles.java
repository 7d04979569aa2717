package org.sparklstm.spark;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.fs.Path;
import org.sparklstm.model.Dl4jModel;
import org.sparklstm.model.LstmSpec;
import org.sparklstm.model.ParameterLayout;
import org.sparklstm.model.Safetensors;
import org.sparklstm.text.Vocabulary;
import org.sparklstm.train.Checkpoint;

/**
 * Writes {@code model/}: safetensors for Python, a zip for DL4J, the vocabulary and the settings.
 */
final class ModelFiles {
  private ModelFiles() {}

  static void save(SavePath path, Checkpoint state, Vocabulary vocabulary) throws IOException {
    LstmSpec spec = state.spec().untied();
    float[] parameters = ParameterLayout.untie(state.spec(), state.parameters());
    Path directory = path.modelInProgress();
    path.fileSystem().delete(directory, true);
    path.fileSystem().mkdirs(directory);
    path.write(
        new Path(directory, "vocabulary.txt"),
        out -> out.write(lines(vocabulary.words()).getBytes(StandardCharsets.UTF_8)));
    path.write(
        new Path(directory, "config.conf"),
        out -> out.write(state.settings().render().getBytes(StandardCharsets.UTF_8)));
    List<ParameterLayout.Tensor> tensors = new ArrayList<>(ParameterLayout.of(spec));
    float[] zeros = zeroBiases(spec, tensors);
    path.write(
        new Path(directory, "model.safetensors"),
        out -> Safetensors.write(out, Map.of("format", "pt"), tensors, parameters, zeros));
    path.write(new Path(directory, "dl4j.zip"), out -> Dl4jModel.writeZip(spec, parameters, out));
    path.rename(directory, path.model());
  }

  /** Adds PyTorch's second bias of each LSTM layer, which is zero here. */
  private static float[] zeroBiases(LstmSpec spec, List<ParameterLayout.Tensor> tensors) {
    int size = 4 * spec.hiddenSize();
    for (int layer = 0; layer < spec.layers(); layer++) {
      tensors.add(
          new ParameterLayout.Tensor(
              "lstm.bias_hh_l" + layer, List.of(size), spec.parameterCount() + layer * size));
    }
    return new float[spec.layers() * size];
  }

  private static String lines(List<String> words) {
    return String.join("\n", words) + "\n";
  }
}

package org.sparklstm.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.sparklstm.checkpoint.Run;
import org.sparklstm.config.Settings;
import org.sparklstm.files.AtomicFiles;
import org.sparklstm.run.SavedModel;
import org.sparklstm.text.Vocabulary;

/** A small model that nobody trained. */
public final class Models {
  public static final List<String> WORDS = List.of("<eos>", "the", "cat", "sat", "<unk>", "é");

  private Models() {}

  /**
   * A model of {@link #WORDS}.
   *
   * @param scale of its parameters; 0: all words are equally likely
   * @param overrides of its settings
   */
  public static SavedModel of(float scale, String... overrides) {
    Settings settings =
        Corpus.settings(
            Stream.concat(Stream.of("model.layers=2"), Stream.of(overrides))
                .toArray(String[]::new));
    float[] parameters = new Run(settings, WORDS.size(), "abc").begin().state().parameters();
    for (int i = 0; i < parameters.length; i++) {
      parameters[i] *= scale / settings.model().initScale();
    }
    return new SavedModel(settings, new Vocabulary(WORDS), parameters, Double.NaN);
  }

  /** The directory of a run, in which it is saved as {@code model/}. */
  public static Path save(SavedModel model, Path run) throws IOException {
    Path directory = Files.createDirectories(run.resolve("model"));
    AtomicFiles files = AtomicFiles.on(FileSystem.getLocal(new Configuration()));
    model.write(files, new org.apache.hadoop.fs.Path(directory.toUri()));
    return run;
  }
}

package org.sparklstm.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklstm.corpus.Texts;
import org.sparklstm.error.ConfigurationException;
import org.sparklstm.error.InputException;
import org.sparklstm.ml.LstmLmModel;
import org.sparklstm.run.RunDirectory;
import org.sparklstm.run.RunDirectory.ExistingRun;
import org.sparklstm.run.RunListener;
import org.sparklstm.run.SavedModel;
import org.sparklstm.testing.Corpus;
import org.sparklstm.testing.LocalSpark;
import org.sparklstm.testing.Models;
import org.sparklstm.text.Normalization;
import org.sparklstm.text.Vocabulary;
import org.sparklstm.train.TrainingState;

/** Training that begins with the parameters and the words of a trained model. */
class WarmStartTest {
  private static final SavedModel MODEL = Models.of(0.1f, "train.seed=7");

  @TempDir private Path directory;
  private final List<float[]> begun = new ArrayList<>();

  @BeforeEach
  void write() throws IOException {
    Corpus.write(directory, "", Corpus.TRAIN.repeat(9), Corpus.VALID, Corpus.TEST);
    Models.save(MODEL, directory.resolve("first"));
  }

  private SavedModel train(String run, ExistingRun existing, String... more) throws IOException {
    RunListener start =
        new RunListener() {
          @Override
          public void begun(TrainingState state) {
            begun.add(state.parameters().clone());
          }
        };
    String[] settings =
        Stream.concat(
                Stream.of("model.layers=2", "cluster.workers=1", "averaging.period=50"),
                Arrays.stream(more))
            .toArray(String[]::new);
    RunDirectory saved =
        RunDirectory.open(directory.resolve(run).toString(), new Configuration(), existing);
    return new TrainJob(LocalSpark.session(), Optional.of(saved), List.of(start))
        .run(
            Corpus.settings(settings),
            () -> Texts.ofFiles(LocalSpark.session(), directory.toString(), Normalization.NONE));
  }

  private String from(String model) {
    return "train.init-from=" + directory.resolve(model);
  }

  @Test
  void trainingBeginsWithTheModelsParametersAndWords() throws IOException {
    SavedModel trained = train("a", ExistingRun.REFUSE, from("first"), "train.epochs=2");

    assertThat(begun).containsExactly(MODEL.parameters());
    assertThat(trained.vocabulary().words()).isEqualTo(Models.WORDS);
    assertThat(trained.parameters()).isNotEqualTo(MODEL.parameters());

    train("b", ExistingRun.REFUSE, from("first"), "train.epochs=1");
    SavedModel continued = train("b", ExistingRun.RESUME, from("first"), "train.epochs=2");
    assertThat(continued.parameters()).isEqualTo(trained.parameters());
  }

  @Test
  void theModelMayBeOneThatSparkSaved() throws IOException {
    LocalSpark.session();
    String saved = directory.resolve("saved").toString();
    LstmLmModel.fromFiles(directory.resolve("first").toString()).write().save(saved);

    SavedModel read = SavedModel.read(saved, new Configuration());

    assertThat(read.parameters()).isEqualTo(MODEL.parameters());
    assertThat(read.vocabulary().words()).isEqualTo(Models.WORDS);
  }

  @Test
  void aModelOfAnotherKindIsRefusedNamingTheKey() {
    assertThatThrownBy(() -> train("a", ExistingRun.REFUSE, from("first"), "model.hidden-size=4"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage(
            "Cannot begin with %s: its model.hidden-size is 3, not 4",
            from("first").replace("=", " = "));
    assertThat(directory.resolve("a")).isEmptyDirectory();
  }

  @Test
  void aModelInTheRunThatIsReplacedIsRefused() throws IOException {
    train("a", ExistingRun.REFUSE, from("first"), "train.epochs=1");

    for (String model : List.of("a", "a/model")) {
      assertThatThrownBy(() -> train("a", ExistingRun.OVERWRITE, from(model), "train.epochs=1"))
          .isInstanceOf(ConfigurationException.class)
          .hasMessage(
              "Cannot begin with %s: --overwrite would remove it from file:%s; choose another"
                  + " --save-path",
              from(model).replace("=", " = "), directory.resolve("a"));
    }
    assertThat(directory.resolve("a/model/model.safetensors")).exists();
    train("ab", ExistingRun.OVERWRITE, from("a"), "train.epochs=1");
  }

  @Test
  void aModelOfTheSameShapeInOtherWordsIsNotRefused() throws IOException {
    train("a", ExistingRun.REFUSE, from("first"), "model.embedding-size=3");

    assertThat(begun).containsExactly(MODEL.parameters());
  }

  @Test
  void anotherModelInItsPlaceIsNotContinuedWith() throws IOException {
    train("a", ExistingRun.REFUSE, from("first"), "train.epochs=1");
    List<String> others = new ArrayList<>(Models.WORDS);
    others.set(1, "dog");
    Models.save(
        new SavedModel(MODEL.settings(), new Vocabulary(others), MODEL.parameters(), Double.NaN),
        directory.resolve("first"));

    assertThatThrownBy(() -> train("a", ExistingRun.RESUME, from("first"), "train.epochs=2"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("the corpus is not the one that the checkpoint was trained on");
  }

  @Test
  void wordsThatTheModelCannotReadAreNamedBeforeTraining() throws IOException {
    List<String> words = List.of("<eos>", "the", "cat", "sat", "on", "mat");
    Models.save(
        new SavedModel(MODEL.settings(), new Vocabulary(words), MODEL.parameters(), Double.NaN),
        directory.resolve("first"));
    Files.writeString(directory.resolve("train.txt"), "the cat sat\n".repeat(30) + "the dog\n");

    assertThatThrownBy(() -> train("a", ExistingRun.REFUSE, from("first")))
        .isInstanceOf(InputException.class)
        .hasMessage(
            "Cannot use file:%s/train.txt: 1 of its tokens (one is 'dog') are not in the vocabulary,"
                + " and the model of train.init-from has no <unk> to stand for them",
            directory);
  }
}

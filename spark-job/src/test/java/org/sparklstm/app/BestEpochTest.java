package org.sparklstm.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
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
import org.sparklstm.run.RunDirectory;
import org.sparklstm.run.RunDirectory.ExistingRun;
import org.sparklstm.run.RunListener;
import org.sparklstm.testing.Corpus;
import org.sparklstm.testing.LocalSpark;
import org.sparklstm.text.Normalization;

/** A model that is best in its first epochs: the rate is far too high to get any better. */
class BestEpochTest {
  private static final String[] DIVERGING = {
    "train.learning-rate=5",
    "train.max-grad-norm=50",
    "train.full-rate-epochs=9",
    "averaging.period=50",
    "cluster.workers=1",
    "checkpoint.every-rounds=0",
    "checkpoint.keep=1"
  };

  @TempDir private Path directory;
  private final List<Double> valid = new ArrayList<>();
  private final List<Double> rates = new ArrayList<>();
  private final List<float[]> parameters = new ArrayList<>();

  @BeforeEach
  void write() throws IOException {
    Corpus.write(directory, "", Corpus.TRAIN.repeat(9), Corpus.VALID, Corpus.TEST);
  }

  /** Trains, and notes what each epoch ended with; the model's parameters. */
  private float[] train(String run, ExistingRun existing, String... more) throws IOException {
    RunListener epochs =
        new RunListener() {
          @Override
          public void epochEnded(EpochSummary epoch) {
            valid.add(epoch.valid());
            rates.add(epoch.rate());
            parameters.add(epoch.next().model().clone());
          }
        };
    RunDirectory saved =
        RunDirectory.open(directory.resolve(run).toString(), new Configuration(), existing);
    String[] settings =
        Stream.concat(Arrays.stream(DIVERGING), Arrays.stream(more)).toArray(String[]::new);
    return new TrainJob(LocalSpark.session(), Optional.of(saved), List.of(epochs))
        .run(
            Corpus.settings(settings),
            () -> Texts.ofFiles(LocalSpark.session(), directory.toString(), Normalization.NONE))
        .parameters();
  }

  private int best() {
    return valid.indexOf(valid.stream().min(Double::compare).orElseThrow());
  }

  @Test
  void theBestEpochIsKeptAlsoByARunThatContinues() throws IOException {
    float[] kept = train("a", ExistingRun.REFUSE, "train.epochs=6", "train.keep=best");

    assertThat(best()).isLessThan(4);
    assertThat(kept).isEqualTo(parameters.get(best()));
    assertThat(kept).isNotEqualTo(parameters.get(5));

    int before = best() + 2; // the best epoch is not the newest checkpoint
    train("b", ExistingRun.REFUSE, "train.epochs=" + before, "train.keep=best");
    assertThat(train("b", ExistingRun.RESUME, "train.epochs=6", "train.keep=best")).isEqualTo(kept);
  }

  @Test
  void aMovingAverageIsValidatedAndSavedAlsoByARunThatContinues() throws IOException {
    String[] averaged = {"train.moving-average-epochs=2", "train.keep=best", "train.epochs=4"};
    float[] kept = train("a", ExistingRun.REFUSE, averaged);
    List<Double> all = List.copyOf(valid);

    assertThat(kept).isEqualTo(parameters.get(best()));
    train("plain", ExistingRun.REFUSE, "train.epochs=4");
    assertThat(valid.subList(5, 8)).doesNotContainAnyElementsOf(all.subList(1, 4));

    averaged[2] = "train.epochs=2";
    train("b", ExistingRun.REFUSE, averaged);
    averaged[2] = "train.epochs=4";
    assertThat(train("b", ExistingRun.RESUME, averaged)).isEqualTo(kept);
    assertThat(valid.subList(8, 12)).isEqualTo(all);
  }

  @Test
  void onAPlateauTheRateFallsAsItDoesInARunThatContinues() throws IOException {
    String[] plateau = {
      "train.schedule=plateau", "train.full-rate-epochs=0", "train.decay=0.25", "train.epochs=6"
    };
    float[] all = train("a", ExistingRun.REFUSE, plateau);

    double expected = 5;
    for (int epoch = 0; epoch < 6; epoch++) {
      assertThat(rates.get(epoch)).isEqualTo(expected);
      double before = valid.subList(0, epoch).stream().min(Double::compare).orElse(1e9);
      expected *= valid.get(epoch) < before ? 1 : 0.25;
    }
    assertThat(rates.get(5)).isLessThan(5); // or this test shows nothing

    plateau[3] = "train.epochs=" + (rates.indexOf(1.25) + 1);
    train("b", ExistingRun.REFUSE, plateau);
    plateau[3] = "train.epochs=6";
    assertThat(train("b", ExistingRun.RESUME, plateau)).isEqualTo(all);
  }

  @Test
  void trainingStopsWhenNoEpochHasBeenBetterForAWhile() throws IOException {
    float[] last = train("a", ExistingRun.REFUSE, "train.epochs=9", "train.patience=2");

    assertThat(valid).hasSize(best() + 3).hasSizeLessThan(9);
    assertThat(last).isEqualTo(parameters.get(valid.size() - 1));
    int epochs = valid.size();
    assertThat(train("a", ExistingRun.RESUME, "train.epochs=9", "train.patience=2"))
        .isEqualTo(last);
    assertThat(valid).hasSize(epochs);
  }
}

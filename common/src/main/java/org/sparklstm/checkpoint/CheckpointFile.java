package org.sparklstm.checkpoint;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.sparklstm.config.Settings;
import org.sparklstm.config.SettingsLoader;
import org.sparklstm.engine.LossSum;
import org.sparklstm.error.ConfigurationException;
import org.sparklstm.model.LstmShape;
import org.sparklstm.model.ParameterLayout;
import org.sparklstm.model.Safetensors;
import org.sparklstm.train.Trained;
import org.sparklstm.train.TrainingPlan;
import org.sparklstm.train.TrainingState;

/**
 * A {@link Checkpoint} as a safetensors file, whose metadata hold a sha-256 over all the rest.
 * After the parameters come the lane state and, where there are any, the optimiser's state, the
 * outer optimiser's and the moving average.
 */
public final class CheckpointFile {
  /** To be raised when files of before can no longer be read. */
  private static final String FORMAT = "sparklstm-checkpoint-9";

  private static final String DIGEST = "sha256";

  private static final long MOST_NUMBERS = Integer.MAX_VALUE - 8;

  private CheckpointFile() {}

  /**
   * Checks that checkpoints of a run can be read: all of one is an array.
   *
   * @param plan of the run
   * @param lanes B
   * @throws ConfigurationException naming the number that is too large
   */
  public static void requireRoom(TrainingPlan plan, int lanes) {
    int parameters = plan.shape().parameterCount();
    long numbers =
        parameters
            + (long) lanes * plan.shape().laneStateSize()
            + plan.optimiser().stateSize(parameters)
            + plan.averaging().outer().stateSize(parameters)
            + plan.movingAverage().stateSize(parameters);
    if (numbers > MOST_NUMBERS) {
      throw new ConfigurationException(
          ("Cannot keep a run of %s parameters: with all of its state, a checkpoint would have %s numbers of at"
                  + " most 2^31 - 9; reduce model.hidden-size, model.layers or vocabulary.size, or set"
                  + " averaging.outer = average or train.moving-average-epochs = 0")
              .formatted(parameters, numbers));
    }
  }

  /** Writes a checkpoint; the stream stays open. */
  public static void write(Checkpoint checkpoint, OutputStream out) throws IOException {
    write(checkpoint, checkpoint.plan(), out);
  }

  static void write(Checkpoint checkpoint, TrainingPlan plan, OutputStream out) throws IOException {
    Run run = checkpoint.run();
    TrainingState state = checkpoint.state();
    Map<String, String> metadata = new TreeMap<>();
    metadata.put("format", FORMAT);
    metadata.put("epoch", Integer.toString(state.epoch()));
    metadata.put("round", Integer.toString(state.round()));
    metadata.put("rate", Double.toString(plan.schedule().rate(state.epoch())));
    metadata.put("seed", Long.toString(plan.seed()));
    metadata.put("loss.nats", Double.toHexString(state.loss().nats()));
    metadata.put("loss.tokens", Long.toString(state.loss().tokens()));
    metadata.put("best.epoch", Integer.toString(checkpoint.best().epoch()));
    metadata.put("best.valid", Double.toHexString(checkpoint.best().valid()));
    metadata.put("plateaus", Integer.toString(checkpoint.best().plateaus()));
    metadata.put("settings", run.settings().json());
    metadata.put("vocabulary.size", Integer.toString(run.vocabularySize()));
    metadata.put("corpus", run.corpus());
    float[][] parts = {
      state.parameters(),
      state.laneState(),
      state.trained().optimiserState(),
      state.momenta(),
      plan.movingAverage().state(state.model())
    };
    metadata.put(DIGEST, digest(metadata, parts));
    int lanes = run.settings().data().lanes();
    Safetensors.write(out, metadata, tensors(plan, lanes), parts);
  }

  /**
   * Reads a checkpoint.
   *
   * @param length bytes of the file
   * @throws IOException if it is not a whole and unchanged checkpoint of this format
   */
  public static Checkpoint read(InputStream in, long length) throws IOException {
    return read(in, length, Run::plan);
  }

  /**
   * Reads a checkpoint of a run with any plan.
   *
   * @param plan gives the plan of the checkpoint's run
   */
  static Checkpoint read(InputStream in, long length, Function<Run, TrainingPlan> plan)
      throws IOException {
    Safetensors file = Safetensors.read(in, length);
    Map<String, String> metadata = new TreeMap<>(file.metadata());
    String format = String.valueOf(metadata.get("format"));
    if (!format.equals(FORMAT)) {
      throw new IOException(
          format.startsWith("sparklstm-checkpoint-")
              ? "another version of this program wrote it (format %s, not %s): resume with that version"
                  .formatted(format, FORMAT)
              : "not a checkpoint of format " + FORMAT);
    }
    String digest = metadata.remove(DIGEST);
    if (!digest(metadata, file.data()).equals(digest)) {
      throw new IOException("damaged: checksum mismatch");
    }
    try {
      return checkpoint(metadata, file, plan);
    } catch (ConfigurationException | IllegalArgumentException e) {
      throw new IOException("of another version: " + e.getMessage(), e);
    }
  }

  private static Checkpoint checkpoint(
      Map<String, String> metadata, Safetensors file, Function<Run, TrainingPlan> planOf)
      throws IOException {
    Settings settings = SettingsLoader.parse(required(metadata, "settings"), "checkpoint");
    int vocabularySize = Integer.parseInt(required(metadata, "vocabulary.size"));
    if (settings.averaging().period().isEmpty()) {
      throw new IOException("its averaging.period is not decided");
    }
    Run run = new Run(settings, vocabularySize, required(metadata, "corpus"));
    TrainingPlan plan = planOf.apply(run);
    if (!file.tensors().equals(tensors(plan, settings.data().lanes()))) {
      throw new IOException("its tensors are not those of its settings");
    }
    float[] all = file.data();
    int laneState = plan.shape().parameterCount();
    int optimiserState = laneState + settings.data().lanes() * plan.shape().laneStateSize();
    int momenta = optimiserState + plan.optimiser().stateSize(laneState);
    int model = momenta + plan.averaging().outer().stateSize(laneState);
    TrainingState state =
        new TrainingState(
            Integer.parseInt(required(metadata, "epoch")),
            Integer.parseInt(required(metadata, "round")),
            new LossSum(
                Double.parseDouble(required(metadata, "loss.nats")),
                Long.parseLong(required(metadata, "loss.tokens"))),
            new Trained(
                Arrays.copyOf(all, laneState), Arrays.copyOfRange(all, optimiserState, momenta)),
            Arrays.copyOfRange(all, laneState, optimiserState),
            Arrays.copyOfRange(all, momenta, model));
    if (model < all.length) {
      state = state.with(Arrays.copyOfRange(all, model, all.length));
    }
    Best best =
        new Best(
            Integer.parseInt(required(metadata, "best.epoch")),
            Double.parseDouble(required(metadata, "best.valid")),
            Integer.parseInt(required(metadata, "plateaus")));
    return new Checkpoint(run, state, best);
  }

  private static String required(Map<String, String> metadata, String key) throws IOException {
    String value = metadata.get(key);
    if (value == null) {
      throw new IOException("its metadata have no " + key);
    }
    return value;
  }

  private static List<ParameterLayout.Tensor> tensors(TrainingPlan plan, int lanes) {
    LstmShape shape = plan.shape();
    List<ParameterLayout.Tensor> tensors = new ArrayList<>(ParameterLayout.of(shape));
    List<Integer> laneState = List.of(lanes, shape.laneStateSize());
    tensors.add(new ParameterLayout.Tensor("lane_state", laneState, shape.parameterCount()));
    int offset = shape.parameterCount() + lanes * shape.laneStateSize();
    int stateSize = plan.optimiser().stateSize(shape.parameterCount());
    if (stateSize > 0) {
      tensors.add(new ParameterLayout.Tensor("optimiser_state", List.of(stateSize), offset));
    }
    int momenta = plan.averaging().outer().stateSize(shape.parameterCount());
    if (momenta > 0) {
      tensors.add(
          new ParameterLayout.Tensor("outer_momenta", List.of(momenta), offset + stateSize));
    }
    int model = plan.movingAverage().stateSize(shape.parameterCount());
    if (model > 0) {
      tensors.add(
          new ParameterLayout.Tensor(
              "moving_average", List.of(model), offset + stateSize + momenta));
    }
    return tensors;
  }

  static String digest(Map<String, String> metadata, float[]... parts) {
    try {
      MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
      sha256.update(metadata.toString().getBytes(StandardCharsets.UTF_8));
      ByteBuffer bytes = ByteBuffer.allocate(4 << 10);
      for (float[] part : parts) {
        for (float value : part) {
          bytes.putInt(Float.floatToRawIntBits(value));
          if (!bytes.hasRemaining()) {
            sha256.update(bytes.flip());
            bytes.clear();
          }
        }
      }
      sha256.update(bytes.flip());
      return HexFormat.of().formatHex(sha256.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("Every Java platform has SHA-256", e);
    }
  }
}

package org.sparklstm.train;

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
import org.sparklstm.config.ConfigurationException;
import org.sparklstm.config.Settings;
import org.sparklstm.config.SettingsLoader;
import org.sparklstm.engine.LossSum;
import org.sparklstm.model.LstmSpec;
import org.sparklstm.model.ParameterLayout;
import org.sparklstm.model.Safetensors;

/**
 * Everything that training continues from, complete in itself. Written as a safetensors file whose
 * metadata hold a sha-256 over all the rest.
 *
 * @param epoch the epoch that goes on, from 0; the number of epochs when training has ended
 * @param round rounds of that epoch already averaged
 * @param loss Σ −ln p of those rounds
 * @param settings the settings of the run; what results depend on is decided, not {@code auto}
 * @param vocabularySize V
 * @param corpus digest of all its lines; the run goes on with no other
 * @param parameters flat, see {@link ParameterLayout}
 * @param laneState [B, L, 2, H]
 */
@SuppressWarnings("ArrayRecordComponent") // large, never compared
public record Checkpoint(
    int epoch,
    int round,
    LossSum loss,
    Settings settings,
    int vocabularySize,
    String corpus,
    float[] parameters,
    float[] laneState) {
  private static final String FORMAT = "sparklstm-checkpoint-4";
  private static final String DIGEST = "sha256";
  private static final List<String> DECIDED =
      List.of("averaging.period", "cluster.workers", "engine.name");

  public LstmSpec spec() {
    return settings.spec(vocabularySize);
  }

  /** The state before the first round: initial parameters, zero lane state. */
  public static Checkpoint initial(Settings settings, int vocabularySize, String corpus) {
    LstmSpec spec = settings.spec(vocabularySize);
    return new Checkpoint(
        0,
        0,
        LossSum.ZERO,
        settings,
        vocabularySize,
        corpus,
        ParameterLayout.initialise(spec, settings.model().initScale(), settings.train().seed()),
        new float[settings.data().lanes() * spec.laneStateSize()]);
  }

  /** The same state with the settings of a run that continues it. */
  public Checkpoint under(Settings continued) {
    return new Checkpoint(
        epoch, round, loss, continued, vocabularySize, corpus, parameters, laneState);
  }

  /** The state after {@code rounds} rounds of the same epoch. */
  public Checkpoint after(int rounds, LossSum epochLoss, float[] averaged, float[] carried) {
    return new Checkpoint(
        epoch, rounds, epochLoss, settings, vocabularySize, corpus, averaged, carried);
  }

  /** The state before the next epoch: the same parameters, zero lane state. */
  public Checkpoint nextEpoch() {
    return new Checkpoint(
        epoch + 1,
        0,
        LossSum.ZERO,
        settings,
        vocabularySize,
        corpus,
        parameters,
        new float[laneState.length]);
  }

  /** Writes the checkpoint; the stream stays open. */
  public void write(OutputStream out) throws IOException {
    Map<String, String> metadata = new TreeMap<>();
    metadata.put("format", FORMAT);
    metadata.put("epoch", Integer.toString(epoch));
    metadata.put("round", Integer.toString(round));
    metadata.put("rate", Double.toString(Report.rate(settings.train(), epoch)));
    metadata.put("seed", Long.toString(settings.train().seed()));
    metadata.put("loss.nats", Double.toHexString(loss.nats()));
    metadata.put("loss.tokens", Long.toString(loss.tokens()));
    metadata.put("settings", settings.json());
    metadata.put("vocabulary.size", Integer.toString(vocabularySize));
    metadata.put("corpus", corpus);
    metadata.put(DIGEST, digest(metadata, parameters, laneState));
    Safetensors.write(
        out, metadata, tensors(spec(), settings.data().lanes()), parameters, laneState);
  }

  /**
   * Reads a checkpoint.
   *
   * @param length bytes of the file
   * @throws IOException if it is not a whole and unchanged checkpoint
   */
  public static Checkpoint read(InputStream in, long length) throws IOException {
    Safetensors file = Safetensors.read(in, length);
    Map<String, String> metadata = new TreeMap<>(file.metadata());
    if (!FORMAT.equals(metadata.get("format"))) {
      throw new IOException("not a checkpoint of format " + FORMAT);
    }
    String digest = metadata.remove(DIGEST);
    if (!digest(metadata, file.data()).equals(digest)) {
      throw new IOException("damaged: its contents do not have the checksum that it tells");
    }
    try {
      Settings settings = SettingsLoader.parse(metadata.get("settings"), "checkpoint");
      int vocabularySize = Integer.parseInt(metadata.get("vocabulary.size"));
      LstmSpec spec = settings.spec(vocabularySize);
      if (!file.tensors().equals(tensors(spec, settings.data().lanes()))) {
        throw new IOException("its tensors are not those of its settings");
      }
      return new Checkpoint(
          Integer.parseInt(metadata.get("epoch")),
          Integer.parseInt(metadata.get("round")),
          new LossSum(
              Double.parseDouble(metadata.get("loss.nats")),
              Long.parseLong(metadata.get("loss.tokens"))),
          settings,
          vocabularySize,
          metadata.get("corpus"),
          Arrays.copyOfRange(file.data(), 0, spec.parameterCount()),
          Arrays.copyOfRange(file.data(), spec.parameterCount(), file.data().length));
    } catch (ConfigurationException | IllegalArgumentException e) {
      throw new IOException("of another version: " + e.getMessage(), e);
    }
  }

  private static List<ParameterLayout.Tensor> tensors(LstmSpec spec, int lanes) {
    List<ParameterLayout.Tensor> tensors = new ArrayList<>(ParameterLayout.of(spec));
    tensors.add(
        new ParameterLayout.Tensor(
            "lane_state",
            List.of(lanes, spec.layers(), 2, spec.hiddenSize()),
            spec.parameterCount()));
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

  /**
   * Refuses to continue a run of other settings, naming the first difference. Only {@code
   * train.epochs}, {@code averaging.combine}, {@code cluster.round-timeout} and {@code
   * checkpoint.*} may differ, and what is {@code auto} is as it was decided.
   *
   * @throws ConfigurationException if the run would not continue to the same bytes
   */
  public void requireSettings(Settings wanted) {
    int begun = round > 0 ? epoch + 1 : epoch;
    if (wanted.train().epochs() < begun) {
      throw new ConfigurationException(
          "Cannot resume: the checkpoint is of epoch %s, and train.epochs is %s"
              .formatted(begun, wanted.train().epochs()));
    }
    Map<String, String> mine = settings.entries();
    wanted
        .entries()
        .forEach(
            (key, value) -> {
              boolean free =
                  key.startsWith("checkpoint.")
                      || key.equals("train.epochs")
                      || key.equals("averaging.combine")
                      || key.equals("cluster.round-timeout")
                      || (value.equals("auto") && DECIDED.contains(key));
              if (!free && !value.equals(mine.get(key))) {
                throw new ConfigurationException(
                    "Cannot resume: the checkpoint was written with %s = %s, now it is %s"
                        .formatted(key, mine.get(key), value));
              }
            });
  }

  /**
   * Refuses to continue a run on another corpus.
   *
   * @param wanted its digest
   * @throws ConfigurationException if the digests differ
   */
  public void requireCorpus(String wanted) {
    if (!corpus.equals(wanted)) {
      throw new ConfigurationException(
          "Cannot resume: the corpus is not the one that the checkpoint was trained on (its lines and their digests are %s, not %s)"
              .formatted(wanted, corpus));
    }
  }
}

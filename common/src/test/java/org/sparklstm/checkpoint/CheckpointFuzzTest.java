package org.sparklstm.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.sparklstm.Mutant;
import org.sparklstm.model.Safetensors;

/**
 * Whatever stands in a checkpoint or a model: it is read, or refused with an {@link IOException},
 * and allocates no more than its length justifies.
 */
class CheckpointFuzzTest {
  private static final byte[] CHECKPOINT =
      CheckpointFileTest.bytes(CheckpointFileTest.checkpoint());
  private static final long BASE = 32 << 20; // the settings' defaults are read and parsed

  @Property
  void aDamagedFile(@ForAll long seed, @ForAll @IntRange(min = 1, max = 9) int edits) {
    byte[] mutant = Mutant.of(CHECKPOINT, seed, edits);

    assertReadOrRefused(mutant);
    assertModelReadOrRefused(mutant);
  }

  @Property
  void anyBytesBehindAHeader(@ForAll @Size(max = 200) byte[] header, @ForAll byte[] rest)
      throws IOException {
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    file.write(header.length);
    file.write(new byte[7]);
    file.write(header);
    file.write(rest);

    assertModelReadOrRefused(file.toByteArray());
  }

  /** A forged file: its checksum is right. */
  @Property
  void changedMetadataWithTheRightChecksum(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 9) int edits) throws IOException {
    Safetensors original =
        Safetensors.read(new ByteArrayInputStream(CHECKPOINT), CHECKPOINT.length);
    Map<String, String> metadata = new TreeMap<>(original.metadata());
    metadata.remove("sha256");
    String[] keys = metadata.keySet().toArray(String[]::new);
    String key = keys[new Random(seed).nextInt(keys.length)];
    byte[] value = metadata.get(key).getBytes(StandardCharsets.UTF_8);
    metadata.put(key, new String(Mutant.of(value, seed, edits), StandardCharsets.UTF_8));
    metadata.put("sha256", CheckpointFile.digest(metadata, original.data()));
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    Safetensors.write(file, metadata, original.tensors(), original.data());

    assertReadOrRefused(file.toByteArray());
  }

  private static void assertReadOrRefused(byte[] file) {
    long before = allocated();
    try {
      CheckpointFile.read(new ByteArrayInputStream(file), file.length);
    } catch (IOException refused) {
      assertThat(refused.getMessage()).isNotBlank();
    }
    assertThat(allocated() - before).isLessThan(BASE + 100L * file.length);
  }

  private static void assertModelReadOrRefused(byte[] file) {
    long before = allocated();
    try {
      Safetensors.read(new ByteArrayInputStream(file), file.length);
    } catch (IOException refused) {
      assertThat(refused.getMessage()).isNotBlank();
    }
    assertThat(allocated() - before).isLessThan((1 << 20) + 100L * file.length);
  }

  /** Bytes that this thread has allocated. */
  private static long allocated() {
    return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();
  }
}

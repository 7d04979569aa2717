package org.sparklstm.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A file of named float32 tensors in the <a
 * href="https://github.com/huggingface/safetensors">safetensors</a> format: the length of a JSON
 * header as 8 bytes, the header, then the little-endian floats. Reading it executes nothing and
 * allocates only what the file's length justifies.
 *
 * @param metadata text values by name
 * @param tensors names, shapes and offsets into {@code data}, without gaps
 * @param data the floats of all tensors
 */
@SuppressWarnings("ArrayRecordComponent") // large, never compared
public record Safetensors(
    Map<String, String> metadata, List<ParameterLayout.Tensor> tensors, float[] data) {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
  private static final String METADATA = "__metadata__";
  private static final int CHUNK = 1 << 16;
  private static final int MAX_FLOATS = Integer.MAX_VALUE - 8;
  private static final long MAX_HEADER = 16L << 20;

  /**
   * Writes tensors whose floats stand in {@code parts}, one array after the other. The same input
   * gives the same bytes. The stream stays open.
   *
   * @param out gets the file
   * @param metadata text values by name
   * @param tensors names, shapes and offsets into all parts together, without gaps
   * @param parts the floats
   * @throws IOException if the stream fails
   */
  public static void write(
      OutputStream out,
      Map<String, String> metadata,
      List<ParameterLayout.Tensor> tensors,
      float[]... parts)
      throws IOException {
    ObjectNode header = JSON.createObjectNode();
    ObjectNode values = header.putObject(METADATA);
    new TreeMap<>(metadata).forEach(values::put);
    for (ParameterLayout.Tensor tensor : tensors) {
      ObjectNode entry = header.putObject(tensor.name()).put("dtype", "F32");
      tensor.shape().forEach(entry.putArray("shape")::add);
      long begin = 4L * tensor.offset();
      entry.putArray("data_offsets").add(begin).add(begin + 4L * tensor.size());
    }
    String text = JSON.writeValueAsString(header);
    int length = text.getBytes(StandardCharsets.UTF_8).length;
    byte[] padded = (text + " ".repeat(-length & 7)).getBytes(StandardCharsets.UTF_8);
    byte[] headerLength = new byte[8];
    littleEndian(headerLength).putLong(padded.length);
    out.write(headerLength);
    out.write(padded);
    for (float[] part : parts) {
      writeFloats(out, part);
    }
  }

  /** Writes {@code floats} as little-endian bytes. */
  private static void writeFloats(OutputStream out, float[] floats) throws IOException {
    byte[] bytes = new byte[4 * CHUNK];
    for (int from = 0; from < floats.length; from += CHUNK) {
      int count = Math.min(CHUNK, floats.length - from);
      littleEndian(bytes).asFloatBuffer().put(floats, from, count);
      out.write(bytes, 0, 4 * count);
    }
  }

  /**
   * Reads a whole file.
   *
   * @param in the file from its beginning; it stays open
   * @param length bytes of the file
   * @return its tensors in the order of their offsets
   * @throws IOException if the stream is not a float32 safetensors file of that length
   */
  public static Safetensors read(InputStream in, long length) throws IOException {
    long headerLength = littleEndian(exactly(in, 8)).getLong();
    if (headerLength < 2 || headerLength > Math.min(MAX_HEADER, length - 8)) {
      throw new IOException(
          "not a safetensors file: its header would be %s bytes".formatted(headerLength));
    }
    JsonNode header;
    try {
      header = JSON.readTree(exactly(in, (int) headerLength));
    } catch (JsonProcessingException e) {
      throw new IOException("not a safetensors file: its header is not JSON", e);
    }
    if (!header.isObject()) {
      throw new IOException("not a safetensors file: its header is not a JSON object");
    }
    Map<String, String> metadata = new TreeMap<>();
    List<ParameterLayout.Tensor> tensors = new ArrayList<>();
    Iterator<Map.Entry<String, JsonNode>> entries = header.fields();
    while (entries.hasNext()) {
      Map.Entry<String, JsonNode> entry = entries.next();
      if (entry.getKey().equals(METADATA)) {
        entry
            .getValue()
            .fields()
            .forEachRemaining(value -> metadata.put(value.getKey(), value.getValue().asText()));
      } else {
        tensors.add(tensor(entry.getKey(), entry.getValue()));
      }
    }
    tensors.sort(Comparator.comparingInt(ParameterLayout.Tensor::offset));
    long floats = 0;
    for (ParameterLayout.Tensor tensor : tensors) {
      if (tensor.offset() != floats) {
        throw new IOException(
            "tensor %s does not begin where the last one ends".formatted(tensor.name()));
      }
      floats += tensor.size();
    }
    if (8 + headerLength + 4 * floats != length) {
      throw new IOException(
          "truncated or overlong: by its header it has %s bytes, in fact %s"
              .formatted(8 + headerLength + 4 * floats, length));
    }
    return new Safetensors(metadata, tensors, readFloats(in, (int) floats));
  }

  private static ParameterLayout.Tensor tensor(String name, JsonNode entry) throws IOException {
    JsonNode offsets = entry.path("data_offsets");
    long begin = integer(offsets.path(0), 4L * MAX_FLOATS);
    long end = integer(offsets.path(1), 4L * MAX_FLOATS);
    long size = 1;
    boolean valid = begin >= 0 && begin % 4 == 0 && entry.path("dtype").asText().equals("F32");
    List<Integer> shape = new ArrayList<>();
    for (JsonNode dimension : entry.path("shape")) {
      long floats = integer(dimension, MAX_FLOATS);
      valid &= floats >= 0;
      shape.add((int) floats);
      size = Math.min(size * floats, 1L << 31); // does not overflow: the factor is below 2^31
    }
    if (!valid || end - begin != 4 * size) {
      throw new IOException("tensor %s is not a float32 tensor with a valid place".formatted(name));
    }
    return new ParameterLayout.Tensor(name, shape, (int) (begin / 4));
  }

  /** A whole number from 0 to {@code most}, else -1. */
  private static long integer(JsonNode number, long most) {
    return number.isIntegralNumber()
            && number.canConvertToLong()
            && number.asLong() >= 0
            && number.asLong() <= most
        ? number.asLong()
        : -1;
  }

  private static float[] readFloats(InputStream in, int count) throws IOException {
    float[] floats = new float[count];
    for (int from = 0; from < count; from += CHUNK) {
      int part = Math.min(CHUNK, count - from);
      littleEndian(exactly(in, 4 * part)).asFloatBuffer().get(floats, from, part);
    }
    return floats;
  }

  private static byte[] exactly(InputStream in, int count) throws IOException {
    byte[] bytes = in.readNBytes(count);
    if (bytes.length < count) {
      throw new EOFException("truncated");
    }
    return bytes;
  }

  private static ByteBuffer littleEndian(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}

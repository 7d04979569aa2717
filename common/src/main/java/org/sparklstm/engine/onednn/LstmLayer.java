package org.sparklstm.engine.onednn;

import static org.bytedeco.dnnl.global.dnnl.algorithm.eltwise_logistic;
import static org.bytedeco.dnnl.global.dnnl.algorithm.eltwise_tanh;

import java.util.Arrays;
import java.util.List;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.memory.data_type;
import org.bytedeco.javacpp.FloatPointer;
import org.sparklstm.model.LstmShape;

/**
 * One LSTM layer on windows of one length, N = T·B rows, time-major. At each time step, with the
 * gates input, forget, cell candidate and output one after the other in W and b as in PyTorch:
 *
 * <pre>
 * a = W_ih x + W_hh h + b      i, f, o = σ(a_i), σ(a_f), σ(a_o)     g = tanh(a_g)
 * c' = f ⊙ c + i ⊙ g            h' = o ⊙ tanh(c')
 * </pre>
 *
 * <p>W_ih x + b is one product for the whole window. W_hh is packed once for its time steps, whose
 * products have only B rows.
 */
final class LstmLayer {
  private final OneDnn oneDnn;
  private final data_type type; // of the operands of products
  private final int length;
  private final int lanes;
  private final int inputSize; // I
  private final int hiddenSize; // H
  private final int step; // floats of a state of all lanes, [B, H]
  private final Trainable weights; // W_ih [4·H, I], W_hh [4·H, H], b [4·H]
  private final DroppedWeights dropped; // what products read for W_hh; null: W_hh itself
  private final FloatPointer carriedHidden;
  private final FloatPointer carriedCell;
  private final Operand inputs; // x [N, I]
  private final Operand hiddens; // h before the window and after each time step [B + N, H]
  private final Operand gates; // i, f, σ(a_g), o [N, 4·H]; back: the gradients of a in their place
  private final memory candidates; // g [N, H]
  private final memory cells; // c, as hiddens
  private final memory tanhs; // tanh(c') [N, H]
  // The floats of these five, each positioned where it is read or written.
  private final FloatPointer hiddenFloats;
  private final FloatPointer gateFloats;
  private final FloatPointer candidateFloats;
  private final FloatPointer cellFloats;
  private final FloatPointer tanhFloats;
  private final LstmCell cell;
  private final MatrixCopy roundedWeights; // W_ih; null if products read floats
  private final Runnable roundInputs;
  private final Runnable addInputs;
  private final Runnable[] roundHidden; // these for each time step
  private final Runnable[] addHidden;
  private final Runnable[] tanhOfCandidate;
  private final Runnable[] sigmoidOfGates;
  private final Runnable[] tanhOfCell;

  /**
   * Buffers and primitives, which {@code oneDnn} owns.
   *
   * @param type of the operands of products
   * @param layer from 0
   * @param dropsWeights whether {@link #dropWeights} comes before each {@link #forward}
   * @param length T
   * @param carried read at a window's begin and left at its end by {@link #carry}
   * @param cell of the layer's size, which layers use in turn
   */
  LstmLayer(
      OneDnn oneDnn,
      data_type type,
      LstmShape shape,
      int layer,
      Trainable weights,
      boolean dropsWeights,
      int length,
      CarriedState carried,
      LstmCell cell) {
    this.oneDnn = oneDnn;
    this.type = type;
    this.length = length;
    this.lanes = carried.lanes();
    this.inputSize = shape.inputSize(layer);
    this.hiddenSize = shape.hiddenSize(layer);
    this.step = lanes * hiddenSize;
    this.weights = weights;
    this.dropped =
        dropsWeights ? new DroppedWeights(oneDnn, recurrent(weights.values()), hiddenSize) : null;
    this.carriedHidden = carried.hidden(layer);
    this.carriedCell = carried.cell(layer);
    long n = (long) length * lanes;
    this.inputs = new Operand(oneDnn, type, n, inputSize);
    this.hiddens = new Operand(oneDnn, type, lanes + n, hiddenSize);
    this.gates = new Operand(oneDnn, type, n, 4L * hiddenSize);
    this.candidates = oneDnn.zeros(n, hiddenSize);
    this.cells = oneDnn.zeros(lanes + n, hiddenSize);
    this.tanhs = oneDnn.zeros(n, hiddenSize);
    this.hiddenFloats = oneDnn.floats(hiddens.floats());
    this.gateFloats = oneDnn.floats(gates.floats());
    this.candidateFloats = oneDnn.floats(candidates);
    this.cellFloats = oneDnn.floats(cells);
    this.tanhFloats = oneDnn.floats(tanhs);
    this.cell = cell;
    this.roundedWeights =
        type == data_type.f32
            ? null
            : new MatrixCopy(
                oneDnn,
                weights,
                inputWeights(),
                oneDnn.matrix(type, 4L * hiddenSize, inputSize, inputSize, 1));
    this.roundInputs = inputs.roundings(n)[0];
    this.addInputs =
        oneDnn.product(
            inputs.rounded(),
            oneDnn.transposed(inputOperand()),
            oneDnn.view(bias(weights.values()), 1, 4L * hiddenSize),
            gates.floats());
    memory[] stepGates = oneDnn.slices(gates.floats(), lanes);
    memory[] stepHiddens = oneDnn.slices(hiddens.rounded(), lanes);
    memory[] stepCandidates = oneDnn.slices(candidates, lanes);
    memory[] stepCells = oneDnn.slices(cells, lanes);
    memory.desc ofGates = stepGates[0].get_desc();
    PackedMatrix packed = recurrentWeights(true);
    OneDnn.Kernel sigmoids = oneDnn.eltwise(eltwise_logistic, ofGates);
    OneDnn.Kernel tanhsOfState = oneDnn.eltwise(eltwise_tanh, stepCells[0].get_desc());
    this.roundHidden = hiddens.roundings(lanes);
    this.addHidden =
        each(packed.products(stepHiddens[0].get_desc(), ofGates, true), stepHiddens, stepGates);
    this.tanhOfCandidate = each(tanhsOfState, stepCandidates, stepCandidates);
    this.sigmoidOfGates = each(sigmoids, stepGates, stepGates);
    this.tanhOfCell =
        each(
            tanhsOfState,
            Arrays.copyOfRange(stepCells, 1, stepCells.length),
            oneDnn.slices(tanhs, lanes));
  }

  /** The kernel at each time step. */
  private Runnable[] each(OneDnn.Kernel kernel, memory[] from, memory[] to) {
    Runnable[] each = new Runnable[length];
    Arrays.setAll(each, t -> kernel.on(from[t], to[t]));
    return each;
  }

  private memory inputWeights() {
    return oneDnn.view(weights.values(), 4L * hiddenSize, inputSize);
  }

  /** W_hh as products at a time step read it. */
  private PackedMatrix recurrentWeights(boolean transposed) {
    Trainable source = dropped == null ? weights : dropped.weights();
    FloatPointer values =
        dropped == null ? recurrent(weights.values()) : dropped.weights().values();
    memory plain = oneDnn.view(values, 4L * hiddenSize, hiddenSize);
    return new PackedMatrix(oneDnn, source, transposed ? oneDnn.transposed(plain) : plain, type);
  }

  /** W_ih as products read it. */
  private memory inputOperand() {
    return roundedWeights == null ? inputWeights() : roundedWeights.memory();
  }

  private FloatPointer recurrent(FloatPointer all) {
    return all.getPointer(4L * hiddenSize * inputSize);
  }

  private FloatPointer bias(FloatPointer all) {
    return all.getPointer(4L * hiddenSize * (inputSize + hiddenSize));
  }

  /** The inputs [N, I], to be written before {@link #forward}. */
  FloatPointer inputs() {
    return oneDnn.floats(inputs.floats());
  }

  /** The outputs [N, H]. */
  FloatPointer outputs() {
    return oneDnn.floats(hiddens.floats()).getPointer(step);
  }

  /**
   * Draws what is left of W_hh in the next window.
   *
   * @param key of the mask
   * @param keepProbability of its elements
   */
  void dropWeights(long key, float keepProbability) {
    dropped.draw(key, keepProbability);
  }

  /** Writes the outputs. */
  void forward() {
    copy(carriedHidden, hiddenFloats, 0);
    copy(carriedCell, cellFloats, 0); // and leaves it in the cell
    if (roundedWeights != null) {
      roundedWeights.refresh();
    }
    roundInputs.run();
    addInputs.run();
    for (int t = 0; t < length; t++) {
      roundHidden[t].run();
      addHidden[t].run();
      read(gateFloats, t, cell.rows());
      write(cell.splitCandidate(), candidateFloats, t);
      tanhOfCandidate[t].run();
      sigmoidOfGates[t].run();
      readGates(t);
      cell.updateState();
      write(cell.state(), cellFloats, t + 1);
      tanhOfCell[t].run();
      read(tanhFloats, t, cell.tanh());
      write(cell.hidden(), hiddenFloats, t + 1);
    }
  }

  private void copy(FloatPointer carried, FloatPointer to, int t) {
    carried.get(cell.state());
    write(cell.state(), to, t);
  }

  private void readGates(int t) {
    read(gateFloats, t, cell.rows());
    cell.split();
    read(candidateFloats, t, cell.candidate());
  }

  /** Copies a time step's floats. */
  private static void read(FloatPointer from, int t, float[] to) {
    from.position((long) t * to.length).get(to);
  }

  private static void write(float[] from, FloatPointer to, int t) {
    to.position((long) t * from.length).put(from);
  }

  /** Makes the window's last state the carried one. */
  void carry() {
    read(hiddenFloats, length, cell.state());
    carriedHidden.put(cell.state());
    read(cellFloats, length, cell.state());
    carriedCell.put(cell.state());
  }

  /**
   * The backward pass after {@link #forward}. The gradient of the state after the window is zero:
   * back-propagation is truncated there.
   */
  final class Backward {
    private final FloatPointer outputGradients; // of h' [N, H], positioned where it is read
    private final FloatPointer hiddenGradient; // of h' from the next time step [B, H]
    private final Runnable[] roundGates; // these for each time step
    private final Runnable[] toHiddenGradient;
    private final List<Runnable> products; // the gradients of x, W_ih and W_hh

    /**
     * Buffers and primitives, which the layer's {@code oneDnn} owns.
     *
     * @param outputGradient [N, H], read
     * @param inputGradient [N, I], written
     */
    Backward(memory outputGradient, memory inputGradient) {
      this.outputGradients = oneDnn.floats(outputGradient);
      memory hidden = oneDnn.zeros(lanes, hiddenSize);
      this.hiddenGradient = oneDnn.floats(hidden);
      this.roundGates = gates.roundings(lanes);
      memory[] stepGates = oneDnn.slices(gates.rounded(), lanes);
      memory[] same = new memory[length];
      Arrays.fill(same, hidden);
      PackedMatrix packed = recurrentWeights(false);
      this.toHiddenGradient =
          each(packed.products(stepGates[0].get_desc(), hidden.get_desc(), false), stepGates, same);
      long n = (long) length * lanes;
      long w = 4L * hiddenSize;
      memory transposed = oneDnn.transposed(gates.rounded());
      FloatPointer gradient = weights.gradient();
      this.products =
          List.of(
              oneDnn.product(gates.rounded(), inputOperand(), inputGradient, false),
              oneDnn.product(
                  transposed, inputs.rounded(), oneDnn.view(gradient, w, inputSize), false),
              oneDnn.product(
                  transposed,
                  oneDnn.firstRows(hiddens.rounded(), n),
                  oneDnn.view(recurrent(gradient), w, hiddenSize),
                  false));
    }

    /** Writes the gradients of the inputs and of the weights. */
    void run() {
      cell.beginBackward();
      for (int t = length - 1; t >= 0; t--) {
        readGates(t);
        read(cellFloats, t, cell.state());
        read(tanhFloats, t, cell.tanh());
        read(outputGradients, t, cell.outputGradient());
        cell.backward();
        cell.join();
        write(cell.rows(), gateFloats, t);
        roundGates[t].run();
        if (t > 0) {
          toHiddenGradient[t].run();
          read(hiddenGradient, 0, cell.nextGradient());
        }
      }
      products.forEach(Runnable::run);
      if (dropped != null) {
        dropped.dropGradient(recurrent(weights.gradient()));
      }
      bias(weights.gradient()).put(cell.biasGradient());
    }
  }
}

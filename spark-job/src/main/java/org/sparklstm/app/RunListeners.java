package org.sparklstm.app;

import java.io.IOException;
import java.util.List;
import org.sparklstm.engine.LossSum;
import org.sparklstm.run.RunListener;
import org.sparklstm.train.RoundSummary;
import org.sparklstm.train.TrainingState;

/** Several listeners as one, in their order. */
record RunListeners(List<RunListener> all) implements RunListener {

  /** One of the methods of a listener. */
  private interface Event {
    void happen(RunListener listener) throws IOException;
  }

  private void each(Event event) throws IOException {
    for (RunListener listener : all) {
      event.happen(listener);
    }
  }

  @Override
  public void begun(TrainingState state) throws IOException {
    each(listener -> listener.begun(state));
  }

  @Override
  public void epochBegins(EpochBegin epoch) throws IOException {
    each(listener -> listener.epochBegins(epoch));
  }

  @Override
  public void validated(Validation validation) throws IOException {
    each(listener -> listener.validated(validation));
  }

  @Override
  public void roundEnded(RoundSummary round) throws IOException {
    each(listener -> listener.roundEnded(round));
  }

  @Override
  public void epochTrained(int epoch, LossSum loss) throws IOException {
    each(listener -> listener.epochTrained(epoch, loss));
  }

  @Override
  public void epochEnded(EpochSummary epoch) throws IOException {
    each(listener -> listener.epochEnded(epoch));
  }

  @Override
  public void tested(double perplexity) throws IOException {
    each(listener -> listener.tested(perplexity));
  }

  /** Closes all of them, whichever fail. */
  @Override
  public void close() throws IOException {
    close(all);
  }

  private static void close(List<RunListener> listeners) throws IOException {
    if (!listeners.isEmpty()) {
      try (RunListener first = listeners.get(0)) {
        close(listeners.subList(1, listeners.size()));
      }
    }
  }
}

package org.sparklstm.run;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.apache.hadoop.fs.Path;
import org.sparklstm.files.AtomicFiles;

/** {@code report.html}: written anew after each epoch and after the test. */
record Report(ReportPage page, AtomicFiles files, Path file) implements RunListener {

  @Override
  public void epochEnded(EpochSummary epoch) throws IOException {
    write();
  }

  @Override
  public void tested(double perplexity) throws IOException {
    write();
  }

  private void write() throws IOException {
    byte[] html = page.html().getBytes(StandardCharsets.UTF_8);
    files.write(file, out -> out.write(html));
  }
}

package org.sparklstm.run;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.sparklstm.checkpoint.Run;
import org.sparklstm.config.SettingsLoader;
import org.sparklstm.testing.Corpus;

class ReportPageTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  private static void add(ReportPage page, String event, Object... values) throws IOException {
    page.add(JSON.readTree(String.format(Locale.ROOT, event.replace('\'', '"'), values)));
  }

  private static void addEpoch(ReportPage page, int epoch, int rounds) throws IOException {
    for (int round = 1; round <= rounds; round++) {
      add(
          page,
          "{'event':'round','epoch':%d,'round':%d,'nats':1,'tokens':500,'gradient_norm':%s,"
              + "'broadcast_ms':10,'compute_ms':70,'combine_ms':5,'total_ms':100,'worker_ms':[60,30.5]}",
          epoch,
          round,
          round == 2 ? "null" : "1.5");
    }
    add(
        page,
        "{'event':'epoch','epoch':%d,'rate':0.5,'train_perplexity':%d,'valid_perplexity':%d,"
            + "'tokens':1,'seconds':1,'tokens_per_second':12345.6,'sample':'a <b> cat %1$d\\nran'}",
        epoch,
        300 - epoch,
        200 - epoch);
  }

  private static JsonNode data(String html) throws IOException {
    Matcher data = Pattern.compile("id=\"data\">(.*?)</script>", Pattern.DOTALL).matcher(html);
    assertThat(data.find()).isTrue();
    return JSON.readTree(data.group(1));
  }

  @Test
  void curvesAndTablesHaveTheNumbersOfTheEvents() throws IOException {
    ReportPage page = new ReportPage(new Run(Corpus.settings("cluster.workers=2"), 6, "abc"));
    addEpoch(page, 1, 4);
    add(page, "{'event':'validation','epoch':2,'round':2,'tokens':9,'valid_perplexity':150}");
    addEpoch(page, 2, 4);
    add(page, "{'event':'test','perplexity':123.456}");

    String html = page.html();

    assertThat(html)
        .contains("<td>2</td><td>0.5000</td><td>298.00</td><td>198.00</td><td>12,346</td>")
        .contains("<b>123.5</b><span>test perplexity</span>", "<b>198.0</b><span>best valid")
        .contains("<td>model.hidden-size</td><td>3</td>")
        .contains("<td>1</td><td>60</td><td><div style=\"width: 100%\">")
        .contains("<td>2</td><td>31</td><td><div style=\"width: 51%\">")
        .contains("<span>epoch 2</span><blockquote>a &lt;b&gt; cat 2\nran</blockquote>")
        .doesNotContain("Beside the paper");
    JsonNode data = data(html);
    assertThat(data.path("perplexity"))
        .isEqualTo(JSON.readTree("[[1.0,1.5,2.0],[299.0,null,298.0],[199.0,150.0,198.0]]"));
    assertThat(data.path("norm").path(0).toString())
        .isEqualTo("[0.25,0.5,0.75,1.0,1.25,1.5,1.75,2.0]");
    assertThat(data.path("norm").path(1).path(1).isNull()).isTrue();
    assertThat(data.path("speed").path(1).path(0).asDouble()).isEqualTo(5000);
    assertThat(data.path("time").path(4).path(0).asDouble()).isEqualTo(15);
  }

  @Test
  void aPageNeedsNoNetworkAndEscapesWhatUsersWrite() throws IOException {
    ReportPage page =
        new ReportPage(
            new Run(
                SettingsLoader.load("test", null, List.of("cluster.round-timeout=\"7  minutes\"")),
                6,
                "abc"));
    addEpoch(page, 1, 1);
    String html = page.html();

    assertThat(html).doesNotContainPattern("(src|href)\\s*=").doesNotContain("@import", "url(");
    assertThat(html).contains("&quot;7  minutes&quot;");
  }

  @Test
  void theTitleNamesTheSizeOfEachLayer() throws IOException {
    String[] sizes = {"model.layers=3", "model.hidden-size=[4, 3, 4]"};
    assertThat(new ReportPage(new Run(Corpus.settings(sizes), 6, "abc")).html())
        .contains("3 LSTM layers of 4, 3, 4 units");
    assertThat(new ReportPage(new Run(Corpus.settings("model.layers=2"), 6, "abc")).html())
        .contains("2 LSTM layers of 3 units");
  }

  @Test
  void aPresetOfThePaperStandsBesideIt() throws IOException {
    ReportPage page =
        new ReportPage(new Run(SettingsLoader.load("medium", null, List.of()), 10_000, "abc"));
    addEpoch(page, 1, 1);

    assertThat(page.html())
        .contains("Beside the paper", "<th>medium</th>", "<td>86.2</td><td>82.7</td>")
        .contains("<td>this run</td><td>199.0</td><td>–</td>");
  }

  @Test
  void manyRoundsAreThinnedOut() throws IOException {
    ReportPage page = new ReportPage(new Run(Corpus.settings("cluster.workers=2"), 6, "abc"));
    addEpoch(page, 1, 20_000);

    String html = page.html();

    assertThat(html.length()).isLessThan(500_000);
    JsonNode rounds = data(html).path("norm").path(0);
    assertThat(rounds.size()).isBetween(1_000, 4_000);
    assertThat(html).contains("Of 20000 rounds, every 8th is drawn.");
    for (int i = 0; i < rounds.size(); i++) {
      double round = rounds.path(i).asDouble();
      assertThat(round)
          .isEqualTo(
              Double.parseDouble(String.format(Locale.ROOT, "%.5g", (8 * i + 1) / 19_993.0)));
    }
  }
}

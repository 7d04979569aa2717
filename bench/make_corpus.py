#!/usr/bin/env python3
"""Make a language-modelling corpus from the doc comments of Java libraries.

The texts are the documentation comments in the "-sources.jar" files that the
libraries listed in ARTIFACTS publish to the Maven repository.  The comments
are English prose under the library's own free licence.  Sources are read
rather than "-javadoc.jar" pages because they hold the same sentences without
navigation, signatures and repeated inherited text.

The result is train.txt, valid.txt and test.txt: one sentence a line, in lower
case, without punctuation, numbers written N, as in the Penn Treebank corpus
that language models are usually measured on.  Neighbouring lines come from
the same source file and the same package.  No line occurs twice, not even in
two different files.  The same jars always give the same bytes.

Needs Python 3 and, to fetch jars that --jars does not hold yet, Maven's
command, with whatever repository your Maven settings name.
"""

import argparse
import collections
import hashlib
import html
import os
import re
import subprocess
import sys
import tempfile
import time
import zipfile

# One line a library: the licence it declares (SPDX name; A/B where the user may
# choose), then group:artifact:version.  A few files in some of these jars are
# under another permissive licence, such as BSD or MIT.
# The order is the order of the text in the corpus.
ARTIFACTS = """
Apache-2.0 org.apache.lucene:lucene-core:9.11.1
Apache-2.0 org.apache.lucene:lucene-analysis-common:9.11.1
Apache-2.0 org.apache.lucene:lucene-queryparser:9.11.1
Apache-2.0 org.apache.lucene:lucene-queries:9.11.1
Apache-2.0 org.apache.lucene:lucene-facet:9.11.1
Apache-2.0 org.apache.lucene:lucene-suggest:9.11.1
Apache-2.0 org.apache.lucene:lucene-spatial3d:9.11.1
Apache-2.0 org.apache.lucene:lucene-highlighter:9.11.1
Apache-2.0 org.apache.solr:solr-core:9.6.1
Apache-2.0 org.apache.solr:solr-solrj:9.6.1
Apache-2.0 org.apache.hadoop:hadoop-common:3.3.6
Apache-2.0 org.apache.hadoop:hadoop-hdfs:3.3.6
Apache-2.0 org.apache.hadoop:hadoop-hdfs-client:3.3.6
Apache-2.0 org.apache.hadoop:hadoop-mapreduce-client-core:3.3.6
Apache-2.0 org.apache.hadoop:hadoop-yarn-api:3.3.6
Apache-2.0 org.apache.hadoop:hadoop-yarn-common:3.3.6
Apache-2.0 org.apache.hadoop:hadoop-yarn-server-resourcemanager:3.3.6
Apache-2.0 org.apache.hadoop:hadoop-aws:3.3.6
Apache-2.0 org.apache.hadoop:hadoop-azure:3.3.6
Apache-2.0 org.apache.hbase:hbase-server:2.5.8
Apache-2.0 org.apache.hbase:hbase-client:2.5.8
Apache-2.0 org.apache.hbase:hbase-common:2.5.8
Apache-2.0 org.apache.spark:spark-core_2.12:3.5.1
Apache-2.0 org.apache.spark:spark-sql_2.12:3.5.1
Apache-2.0 org.apache.spark:spark-catalyst_2.12:3.5.1
Apache-2.0 org.apache.flink:flink-core:1.18.1
Apache-2.0 org.apache.flink:flink-runtime:1.18.1
Apache-2.0 org.apache.flink:flink-streaming-java:1.18.1
Apache-2.0 org.apache.flink:flink-table-common:1.18.1
Apache-2.0 org.apache.flink:flink-table-planner_2.12:1.18.1
Apache-2.0 org.apache.flink:flink-table-runtime:1.18.1
Apache-2.0 org.apache.flink:flink-java:1.18.1
Apache-2.0 org.apache.kafka:kafka-clients:3.7.0
Apache-2.0 org.apache.kafka:kafka-streams:3.7.0
Apache-2.0 org.apache.kafka:connect-api:3.7.0
Apache-2.0 org.apache.beam:beam-sdks-java-core:2.56.0
Apache-2.0 org.apache.calcite:calcite-core:1.37.0
Apache-2.0 org.apache.calcite:calcite-linq4j:1.37.0
Apache-2.0 org.apache.cassandra:cassandra-all:4.1.5
Apache-2.0 org.apache.accumulo:accumulo-core:2.1.2
Apache-2.0 org.apache.zookeeper:zookeeper:3.9.2
Apache-2.0 org.apache.iceberg:iceberg-core:1.5.2
Apache-2.0 org.apache.iceberg:iceberg-api:1.5.2
Apache-2.0 org.apache.avro:avro:1.11.3
Apache-2.0 org.apache.arrow:arrow-vector:16.0.0
Apache-2.0 org.apache.tinkerpop:gremlin-core:3.7.2
Apache-2.0 org.apache.jena:jena-core:5.0.0
Apache-2.0 org.apache.jena:jena-arq:5.0.0
Apache-2.0 org.apache.camel:camel-api:4.4.2
Apache-2.0 org.apache.camel:camel-support:4.4.2
Apache-2.0 org.apache.camel:camel-core-model:4.4.2
Apache-2.0 org.springframework:spring-core:6.1.8
Apache-2.0 org.springframework:spring-beans:6.1.8
Apache-2.0 org.springframework:spring-context:6.1.8
Apache-2.0 org.springframework:spring-aop:6.1.8
Apache-2.0 org.springframework:spring-web:6.1.8
Apache-2.0 org.springframework:spring-webmvc:6.1.8
Apache-2.0 org.springframework:spring-webflux:6.1.8
Apache-2.0 org.springframework:spring-websocket:6.1.8
Apache-2.0 org.springframework:spring-messaging:6.1.8
Apache-2.0 org.springframework:spring-jdbc:6.1.8
Apache-2.0 org.springframework:spring-tx:6.1.8
Apache-2.0 org.springframework:spring-orm:6.1.8
Apache-2.0 org.springframework:spring-jms:6.1.8
Apache-2.0 org.springframework:spring-test:6.1.8
Apache-2.0 org.springframework.boot:spring-boot:3.2.5
Apache-2.0 org.springframework.boot:spring-boot-autoconfigure:3.2.5
Apache-2.0 org.springframework.security:spring-security-config:6.2.4
Apache-2.0 org.springframework.security:spring-security-core:6.2.4
Apache-2.0 org.springframework.security:spring-security-web:6.2.4
Apache-2.0 org.springframework.data:spring-data-commons:3.2.5
Apache-2.0 org.springframework.data:spring-data-mongodb:4.2.5
Apache-2.0 org.springframework.data:spring-data-redis:3.2.5
Apache-2.0 org.springframework.integration:spring-integration-core:6.2.4
Apache-2.0 org.springframework.batch:spring-batch-core:5.1.1
Apache-2.0 org.springframework.batch:spring-batch-infrastructure:5.1.1
Apache-2.0 org.springframework.kafka:spring-kafka:3.1.4
Apache-2.0 com.google.guava:guava:33.2.0-jre
Apache-2.0 com.google.errorprone:error_prone_core:2.27.1
Apache-2.0 com.google.inject:guice:7.0.0
Apache-2.0 org.apache.commons:commons-lang3:3.14.0
Apache-2.0 org.apache.commons:commons-math3:3.6.1
Apache-2.0 org.apache.commons:commons-collections4:4.4
Apache-2.0 org.apache.commons:commons-text:1.12.0
Apache-2.0 org.apache.commons:commons-compress:1.26.1
Apache-2.0 org.apache.commons:commons-configuration2:2.10.1
Apache-2.0 org.apache.commons:commons-vfs2:2.9.0
Apache-2.0 org.apache.commons:commons-pool2:2.12.0
Apache-2.0 org.apache.commons:commons-dbcp2:2.12.0
Apache-2.0 commons-io:commons-io:2.16.1
Apache-2.0 commons-net:commons-net:3.10.0
Apache-2.0 org.apache.bcel:bcel:6.8.2
Apache-2.0 io.netty:netty-buffer:4.1.110.Final
Apache-2.0 io.netty:netty-common:4.1.110.Final
Apache-2.0 io.netty:netty-transport:4.1.110.Final
Apache-2.0 io.netty:netty-handler:4.1.110.Final
Apache-2.0 io.netty:netty-codec-http:4.1.110.Final
Apache-2.0 io.netty:netty-codec-http2:4.1.110.Final
Apache-2.0 com.fasterxml.jackson.core:jackson-core:2.17.1
Apache-2.0 com.fasterxml.jackson.core:jackson-databind:2.17.1
Apache-2.0 org.apache.groovy:groovy:4.0.21
Apache-2.0 org.apache.tomcat:tomcat-catalina:10.1.24
Apache-2.0 org.apache.tomcat:tomcat-coyote:10.1.24
Apache-2.0 org.apache.poi:poi:5.2.5
Apache-2.0 org.apache.poi:poi-ooxml:5.2.5
Apache-2.0 org.apache.poi:poi-scratchpad:5.2.5
Apache-2.0 org.apache.pdfbox:pdfbox:3.0.2
Apache-2.0 org.apache.xmlgraphics:fop-core:2.9
Apache-2.0 org.apache.opennlp:opennlp-tools:2.3.3
Apache-2.0 org.apache.logging.log4j:log4j-core:2.23.1
Apache-2.0 org.apache.logging.log4j:log4j-api:2.23.1
Apache-2.0 org.apache.wicket:wicket-core:9.17.0
Apache-2.0 org.apache.struts:struts2-core:6.4.0
Apache-2.0 org.apache.ant:ant:1.10.14
Apache-2.0 org.apache.activemq:artemis-server:2.33.0
Apache-2.0 org.apache.sis.core:sis-utility:1.4
Apache-2.0 org.apache.sis.core:sis-metadata:1.4
Apache-2.0 org.apache.sis.core:sis-referencing:1.4
Apache-2.0 org.apache.sis.core:sis-feature:1.4
Apache-2.0 org.hipparchus:hipparchus-core:3.1
Apache-2.0 org.hipparchus:hipparchus-geometry:3.1
Apache-2.0 org.hipparchus:hipparchus-ode:3.1
Apache-2.0 org.hipparchus:hipparchus-stat:3.1
Apache-2.0 org.hipparchus:hipparchus-optim:3.1
Apache-2.0 org.orekit:orekit:12.0.2
Apache-2.0/EPL-2.0 io.vertx:vertx-core:4.5.7
Apache-2.0 org.assertj:assertj-core:3.25.3
Apache-2.0 joda-time:joda-time:2.12.7
Apache-2.0 io.reactivex.rxjava3:rxjava:3.1.8
Apache-2.0 io.projectreactor:reactor-core:3.6.6
Apache-2.0 io.grpc:grpc-core:1.63.0
Apache-2.0 io.grpc:grpc-api:1.63.0
Apache-2.0 org.nd4j:nd4j-api:1.0.0-M2.1
Apache-2.0 ai.djl:api:0.28.0
EPL-2.0/BSD-3-Clause org.locationtech.jts:jts-core:1.19.0
EPL-2.0 org.eclipse.jdt:org.eclipse.jdt.core:3.37.0
EPL-2.0 org.eclipse.platform:org.eclipse.jface:3.33.0
EPL-2.0 org.eclipse.platform:org.eclipse.ui.workbench:3.131.0
EPL-2.0 org.eclipse.platform:org.eclipse.core.resources:3.20.100
EPL-2.0 org.junit.jupiter:junit-jupiter-api:5.10.2
MIT org.mockito:mockito-core:5.12.0
MIT org.bouncycastle:bcprov-jdk18on:1.78.1
BSD-3-Clause org.antlr:antlr4-runtime:4.13.1
BSD-3-Clause com.google.protobuf:protobuf-java:4.27.0
MPL-2.0/EPL-1.0 com.h2database:h2:2.2.224
Apache-2.0 com.amazonaws:aws-java-sdk-ec2:1.12.730
Apache-2.0 com.amazonaws:aws-java-sdk-s3:1.12.730
Apache-2.0 com.amazonaws:aws-java-sdk-iam:1.12.730
Apache-2.0 com.amazonaws:aws-java-sdk-rds:1.12.730
Apache-2.0 com.amazonaws:aws-java-sdk-sagemaker:1.12.730
Apache-2.0 com.amazonaws:aws-java-sdk-glue:1.12.730
Apache-2.0 com.amazonaws:aws-java-sdk-ssm:1.12.730
Apache-2.0 com.amazonaws:aws-java-sdk-quicksight:1.12.730
Apache-2.0 com.amazonaws:aws-java-sdk-connect:1.12.730
Apache-2.0 com.amazonaws:aws-java-sdk-cognitoidp:1.12.730
Apache-2.0 com.amazonaws:aws-java-sdk-redshift:1.12.730
Apache-2.0 com.amazonaws:aws-java-sdk-lambda:1.12.730
Apache-2.0 com.amazonaws:aws-java-sdk-dynamodb:1.12.730
Apache-2.0 com.amazonaws:aws-java-sdk-ecs:1.12.730
Apache-2.0 com.amazonaws:aws-java-sdk-autoscaling:1.12.730
Apache-2.0 com.amazonaws:aws-java-sdk-cloudformation:1.12.730
Apache-2.0 com.amazonaws:aws-java-sdk-organizations:1.12.730
Apache-2.0 com.amazonaws:aws-java-sdk-gamelift:1.12.730
"""

POM = """<project xmlns="http://maven.apache.org/POM/4.0.0">
<modelVersion>4.0.0</modelVersion>
<groupId>corpus</groupId><artifactId>corpus</artifactId><version>1</version>
<packaging>pom</packaging>
<build><plugins><plugin>
<groupId>org.apache.maven.plugins</groupId>
<artifactId>maven-dependency-plugin</artifactId>
<configuration><outputDirectory>{folder}</outputDirectory>
<artifactItems>
{items}
</artifactItems></configuration>
</plugin></plugins></build>
</project>
"""

ITEM = ("<artifactItem><groupId>{}</groupId><artifactId>{}</artifactId>"
        "<version>{}</version><classifier>sources</classifier>"
        "<type>jar</type><destFileName>{}</destFileName></artifactItem>")

SOURCE_SUFFIXES = (".java", ".scala", ".groovy", ".kt")

# Of every 100 source files, one goes to valid.txt and one to test.txt.
SPLITS = ("train", "valid", "test")

MIN_WORDS, MAX_WORDS = 5, 100

# A sentence without one of these is a list or code, not English prose.
COMMON_WORDS = frozenset(
    "a an the this that these those it its is are was were be been has have "
    "had do does can could may might must should will would not no if when "
    "while which who of in on at by for from to with without into as and or "
    "but than then so you we they there all any each some other only".split())

# Marks the two ends of program text, such as {@code x}, inside a sentence.
CODE = "\x01"

COMMENT = re.compile(r"/\*\*(?!/)(.*?)\*/", re.S)
LEADING_STAR = re.compile(r"^[ \t]*\*+ ?", re.M)
NOT_PROSE = re.compile(
    r"<pre\b.*?</pre>|<blockquote>\s*<code>.*?</blockquote>|<script.*?</script>"
    r"|<style.*?</style>|<!--.*?-->|<svg.*?</svg>|\{\{\{.*?\}\}\}|```.*?```"
    r"|<table\s+class=.?truth.*?</table>", re.S | re.I)
SNIPPET = re.compile(r"\{@(?:snippet|code)\s*\n.*?\n\s*\}\s*(?=\n|$)", re.S)
USELESS_TAG = re.compile(
    r"^\s*@(?:see|author|since|version|serialField|hide|generated|example|"
    r"ingroup|link|group|tparam|opt|model|ordered|noreference|noimplement|"
    r"noextend|category|jls|Generated|SuppressWarnings)\b.*?(?=^\s*@\w|\Z)",
    re.S | re.M)
NAMED_TAG = re.compile(r"^\s*@(?:param|throws|exception)\s+\S+", re.M)
OTHER_TAG = re.compile(r"^\s*@\w+(?:\.\w+)*", re.M)
INLINE_LINK = re.compile(
    r"\{@link(?:plain)?\s+([^\s{}(]*(?:\([^(){}]*\))?)\s*([^{}]*)\}")
INLINE_CODE = re.compile(r"\{@(?:code|literal|value)\s+([^{}]*)\}")
INLINE_OTHER = re.compile(r"\{@\w+\s*[^{}]*\}")
CODE_ELEMENT = re.compile(r"<(code|tt|kbd|samp)>(.*?)</\1>", re.S | re.I)
BACKTICKS = re.compile(r"`+([^`\n]+)`+")
BLOCK_ELEMENT = re.compile(
    r"</?(?:p|ul|ol|li|dl|dt|dd|h\d|div|table|tr|td|th|blockquote|br|hr|"
    r"note|section|caption|thead|tbody)\b[^<>]*>", re.I)
ELEMENT = re.compile(r"</?[A-Za-z][^<>]*>")
LIST_ITEM = re.compile(r"\n[ \t]*(?:[-*+o]|\d+[.)])[ \t]+")
PARAGRAPH_END = re.compile(r"\n[ \t]*\n|\x02")
SENTENCE_END = re.compile(
    r"(?<!e\.g\.)(?<!i\.e\.)(?<!\bvs\.)(?<!\bcf\.)(?<=[.!?])[\"')\]]*\s+"
    r"(?=[\"'(\[\x01]*[A-Z])")
CODE_SIGNS = re.compile(r"[{}=<>;|\\~^@_]|->|::")
URL = re.compile(r"\b(?:https?|ftp)://\S+|\bwww\.\S+")
IDENTIFIER = re.compile(r"\b\w*[a-z0-9][A-Z_]\w*\b|\b\w+(?:[._]\w+)+\b")
CODE_TEXT = re.compile("\x01[^\x01]*\x01")
CAMEL_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
CONTRACTION = re.compile(r"(n't|'s|'re|'ve|'ll|'d|'m)$")
PLURAL = re.compile(r"(?<=[A-Za-z])\(s\)")
TOKEN = re.compile(r"\b(?:[a-z]\.){2,}|[0-9][0-9.,]*(?:[a-z]{1,2}\b)?"
                   r"|[a-z]+(?:['-][a-z]+)*")


def artifacts():
    """Return the (licence, coordinates) pairs of ARTIFACTS, in order."""
    lines = (line.split() for line in ARTIFACTS.splitlines())
    return [tuple(line) for line in lines if line]


def jar_name(coordinates):
    """Return the name that a library's jar has in the folder of jars."""
    return coordinates.replace(":", "+") + "-sources.jar"


def fetch(folder, maven):
    """Have Maven copy the jars that the folder lacks into it, in one run."""
    missing = [c for _, c in artifacts()
               if not os.path.exists(os.path.join(folder, jar_name(c)))]
    if not missing:
        return
    items = [ITEM.format(*c.split(":"), jar_name(c)) for c in missing]
    with tempfile.TemporaryDirectory() as work:
        pom = os.path.join(work, "pom.xml")
        with open(pom, "w", encoding="utf-8") as out:
            out.write(POM.format(folder=html.escape(os.path.abspath(folder)),
                                 items="\n".join(items)))
        subprocess.run([maven, "-q", "-B", "-f", pom, "dependency:copy"],
                       check=True)


def pages(jar):
    """Yield the (name, text) pairs of a jar's source files, sorted by name."""
    with zipfile.ZipFile(jar) as archive:
        for name in sorted(set(archive.namelist())):
            if name.endswith(SOURCE_SUFFIXES):
                yield name, archive.read(name).decode("utf-8", "replace")


def link_text(match):
    """Return what a reader sees of a {@link target label}."""
    target, label = match.groups()
    if label.strip():
        return label
    return CODE + re.split(r"[.#]", target.split("(")[0])[-1] + CODE


def paragraphs(comment):
    """Yield the prose paragraphs of a doc comment, without its mark-up."""
    text = LEADING_STAR.sub("", comment.replace("\r", ""))
    text = NOT_PROSE.sub("\x02", text)
    text = SNIPPET.sub("\x02", text)
    text = USELESS_TAG.sub("", text)
    text = NAMED_TAG.sub("\x02", text)
    text = OTHER_TAG.sub("\x02", text)
    text = INLINE_LINK.sub(link_text, text)
    text = INLINE_CODE.sub(CODE + r"\1" + CODE, text)
    text = INLINE_OTHER.sub(" ", text)
    text = CODE_ELEMENT.sub(CODE + r"\2" + CODE, text)
    text = BACKTICKS.sub(CODE + r"\1" + CODE, text)
    text = BLOCK_ELEMENT.sub("\x02", text)
    text = ELEMENT.sub("", text)
    text = LIST_ITEM.sub("\x02", text)
    text = html.unescape(html.unescape(text))
    for paragraph in PARAGRAPH_END.split(text):
        paragraph = " ".join(paragraph.split())
        if paragraph:
            yield paragraph


def tokens(sentence):
    """Return a sentence's words in lower case, numbers as N.

    Program names are taken apart at their humps (IndexReader gives index
    reader) and contractions as in the Penn Treebank (don't gives do n't).
    """
    text = URL.sub(" ", sentence.replace("\u2019", "'"))
    text = PLURAL.sub("s", text)
    text = CAMEL_HUMP.sub(" ", text).lower()
    words = []
    for token in TOKEN.findall(text):
        if token[0].isdigit():
            words.append("N")
            continue
        ending = CONTRACTION.search(token)
        if ending and ending.start():
            words += [token[:ending.start()], ending.group()]
        else:
            words.append(token)
    return words


def is_prose(sentence, words):
    """Tell whether a sentence reads as English prose of a fair length."""
    if not MIN_WORDS <= len(words) <= MAX_WORDS:
        return False
    if any(c.isalpha() and not c.isascii() for c in sentence):
        return False
    if len(CODE_SIGNS.findall(CODE_TEXT.sub("", sentence))) > 3:
        return False
    real = sum(len(word) > 1 or word == "a" for word in words)
    common = sum(word in COMMON_WORDS for word in words)
    return real >= 0.7 * len(words) and common >= 0.12 * len(words)


def likeness(sentence):
    """Return a digest that is equal for sentences that differ in names only.

    Generated sources say the same of each property ("Sets the value of the
    colour property"); one such sentence is enough.
    """
    text = IDENTIFIER.sub("#", CODE_TEXT.sub("#", sentence))
    text = " ".join(TOKEN.findall(re.sub(r"[0-9]+", "0", text.lower())))
    return hashlib.sha256(text.encode()).digest()[:12]


def page_lines(text, seen):
    """Yield the new prose lines of one source file, noting them in seen."""
    for comment in COMMENT.findall(text):
        for paragraph in paragraphs(comment):
            for sentence in SENTENCE_END.split(paragraph):
                words = tokens(sentence)
                if not is_prose(sentence, words):
                    continue
                line = " ".join(words)
                keys = {likeness(sentence),
                        hashlib.sha256(line.encode()).digest()[:12]}
                if not keys & seen:
                    seen |= keys
                    yield line


def split_of(coordinates, page):
    """Return the split a whole source file goes to, from its name's hash."""
    name = ":".join(coordinates.split(":")[:2]) + "/" + page
    bucket = int(hashlib.sha256(name.encode()).hexdigest()[:8], 16) % 100
    return SPLITS[bucket] if bucket in (1, 2) else SPLITS[0]


def make(jars, out):
    """Write the three files and return the words of each library."""
    seen, by_artifact = set(), {}
    files = {s: open(os.path.join(out, s + ".txt"), "w", encoding="utf-8",
                     newline="\n") for s in SPLITS}
    for _, coordinates in artifacts():
        words = 0
        for name, text in pages(os.path.join(jars, jar_name(coordinates))):
            target = files[split_of(coordinates, name)]
            for line in page_lines(text, seen):
                target.write(line + "\n")
                words += line.count(" ") + 1
        by_artifact[coordinates] = words
    for file in files.values():
        file.close()
    return by_artifact


def report(out, by_artifact):
    """Print what the corpus holds: words by library, counts and sha-256."""
    for licence, coordinates in artifacts():
        words = by_artifact[coordinates]
        print(f"{words:9d} words  {licence:20} {coordinates}")
    counts, total_lines = collections.Counter(), 0
    for split in SPLITS:
        path = os.path.join(out, split + ".txt")
        with open(path, "rb") as file:
            digest = hashlib.sha256(file.read()).hexdigest()
        lines = words = 0
        with open(path, encoding="utf-8") as file:
            for line in file:
                found = line.split()
                counts.update(found)
                lines, words = lines + 1, words + len(found)
        total_lines += lines
        print(f"{split}.txt: {lines} lines, {words} words, sha256 {digest}")
    total = sum(counts.values())
    top = sum(count for _, count in counts.most_common(10000))
    print(f"all: {total_lines} lines, {total} words, {len(counts)} distinct, "
          f"{100 * (total - top) / total:.2f} % of the words outside the "
          f"10000 most frequent")


def main():
    """Read the command line, fetch the jars, make and report the corpus."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", help="folder for train.txt, valid.txt, test.txt")
    parser.add_argument("--jars", required=True,
                        help="folder that holds the jars, or is to hold them")
    parser.add_argument("--maven", default="mvn",
                        help="Maven's command (default: %(default)s)")
    options = parser.parse_args()
    os.makedirs(options.out, exist_ok=True)
    os.makedirs(options.jars, exist_ok=True)
    start = time.monotonic()
    fetch(options.jars, options.maven)
    fetched = time.monotonic()
    by_artifact = make(options.jars, options.out)
    report(options.out, by_artifact)
    print(f"fetching took {fetched - start:.0f} s, the rest "
          f"{time.monotonic() - fetched:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()

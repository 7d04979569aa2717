package org.sparklstm.it;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.hdfs.DistributedFileSystem;
import org.apache.hadoop.hdfs.MiniDFSCluster;
import org.apache.hadoop.hdfs.protocol.HdfsConstants;
import org.apache.hadoop.hdfs.protocol.HdfsConstants.SafeModeAction;

/**
 * A run in local mode whose corpus and save path are on an HDFS of its own. One of the two
 * datanodes is a process, which can be killed.
 */
final class HdfsRun extends TrainingRun {
  private final MiniDFSCluster hdfs;
  private final SparkProcess datanode;
  private final DistributedFileSystem fs;

  private HdfsRun(
      Path directory,
      MiniDFSCluster hdfs,
      SparkProcess datanode,
      DistributedFileSystem fs,
      Chance chance)
      throws IOException {
    super(directory, "local[2]", hdfs.getURI() + "/corpus", hdfs.getURI() + "/saved", fs);
    this.hdfs = hdfs;
    this.datanode = datanode;
    this.fs = fs;
    leaveTo(chance);
  }

  /** One on an HDFS that is still empty, and whose datanodes still register. */
  static HdfsRun start(Path directory, Chance chance) throws IOException {
    MiniDFSCluster hdfs =
        new MiniDFSCluster.Builder(
                new Configuration(), directory.resolve("first-datanode").toFile())
            .build();
    SparkProcess datanode = datanode(hdfs.getURI(), directory.resolve("second-datanode"));
    return new HdfsRun(directory, hdfs, datanode, client(hdfs.getURI()), chance);
  }

  private static DistributedFileSystem client(URI hdfs) throws IOException {
    Configuration conf = new Configuration();
    conf.setInt("dfs.replication", 2); // the cluster's is the number of its own datanodes
    DistributedFileSystem fs = new DistributedFileSystem();
    fs.initialize(hdfs, conf);
    return fs;
  }

  private static SparkProcess datanode(URI hdfs, Path directory) {
    List<String> arguments = new ArrayList<>();
    arguments.add("org.apache.hadoop.hdfs.server.datanode.DataNode");
    for (String property :
        List.of(
            "fs.defaultFS=" + hdfs,
            "dfs.datanode.data.dir=" + directory,
            "dfs.datanode.address=127.0.0.1:0",
            "dfs.datanode.http.address=127.0.0.1:0",
            "dfs.datanode.ipc.address=127.0.0.1:0")) {
      arguments.addAll(List.of("-D", property));
    }
    return SparkProcess.java(
        directory, System.getProperty("java.class.path"), arguments.toArray(String[]::new));
  }

  /** Awaits that both datanodes are there, and puts the corpus on both. */
  void hasTwoDatanodesWith(Path corpus) throws Exception {
    datanode.await(
        "the second datanode", Duration.ofMinutes(2), () -> fs.getDataNodeStats().length == 2);
    fs.copyFromLocalFile(path(corpus.toString()), path("/corpus"));
  }

  /** The save path may hold one byte and no more. */
  void hdfsIsFullAfter(int millis) throws Exception {
    runsFor(millis);
    fs.setQuota(path(savePath()), HdfsConstants.QUOTA_DONT_SET, 1);
  }

  void hdfsIsReadOnlyAfter(int millis) throws Exception {
    runsFor(millis);
    fs.setSafeMode(SafeModeAction.SAFEMODE_ENTER);
  }

  /** Is neither full nor read-only any more. */
  void hdfsTakesFilesAgain() throws IOException {
    fs.setSafeMode(SafeModeAction.SAFEMODE_LEAVE);
    fs.setQuota(path(savePath()), HdfsConstants.QUOTA_DONT_SET, HdfsConstants.QUOTA_RESET);
  }

  void datanodeDiesAfter(int millis) throws InterruptedException {
    runsFor(millis);
    datanode.kill();
  }

  @Override
  public void close() throws IOException {
    try (hdfs;
        datanode;
        fs) {
      super.close();
    }
  }
}

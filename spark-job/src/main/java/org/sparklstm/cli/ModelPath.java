package org.sparklstm.cli;

import picocli.CommandLine.Option;

/** The option that names a trained model. */
final class ModelPath {
  static final String DESCRIPTION =
      "The --save-path of a run, its model/, or a saved LstmLmModel, on any Hadoop file system";

  @Option(names = "--model-path", paramLabel = "<uri>", required = true, description = DESCRIPTION)
  private String uri;

  /** The path as it was written. */
  String uri() {
    Commands.requireDecoded("--model-path", uri);
    return uri;
  }
}

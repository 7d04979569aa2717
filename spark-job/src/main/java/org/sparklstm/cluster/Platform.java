package org.sparklstm.cluster;

import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;
import org.sparklstm.error.ConfigurationException;
import org.sparklstm.error.InputException;

/** The JVM, Spark and Scala that the job runs under, without linking to Spark. */
public final class Platform {
  /** A package that Spark reaches into; spark-submit opens it, with others. */
  private static final String OPENED = "sun.nio.ch";

  private Platform() {}

  /**
   * Refuses what the job was not compiled for, before a NoSuchMethodError does.
   *
   * @throws ConfigurationException saying how to run it
   */
  public static void requireSupported() {
    requireSupported(
        property("/spark-version-info.properties", "version"),
        property("/library.properties", "version.number"));
    if (!Object.class.getModule().isOpen(OPENED, Platform.class.getModule())) {
      throw new ConfigurationException(
          ("Cannot run in this JVM: Spark needs --add-opens for java.base/%s and others. Run this jar"
                  + " with spark-submit, which gives them; on a standalone cluster in client mode, not"
                  + " --deploy-mode cluster")
              .formatted(OPENED));
    }
  }

  /** As {@link #requireSupported()}, but ends the JVM with exit code 2 and the reason. */
  public static void requireSupportedOrExit() {
    try {
      requireSupported();
    } catch (ConfigurationException e) {
      System.err.println(e.getMessage());
      System.exit(2);
    }
  }

  static void requireSupported(String spark, String scala) {
    String[] parts = spark.split("\\.", 3);
    int major = Integer.parseInt(parts[0]);
    int minor = Integer.parseInt(parts[1]);
    if (major != 3 || minor < 4) {
      throw new ConfigurationException(
          "Cannot run on Spark %s: this jar needs Spark 3.4 or 3.5".formatted(spark));
    }
    if (!scala.startsWith("2.12.")) {
      throw new ConfigurationException(
          "Cannot run on Scala %s: this jar needs a Spark built for Scala 2.12".formatted(scala));
    }
  }

  /** The version of this program. */
  public static String version() {
    return property("/org/sparklstm/cluster/version.properties", "version");
  }

  private static String property(String resource, String key) {
    Properties properties = new Properties();
    try (InputStream in = Platform.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new ConfigurationException(
            "Cannot run without Spark (there is no %s): run this jar with spark-submit"
                .formatted(resource));
      }
      properties.load(in);
    } catch (IOException e) {
      throw new InputException(
          "Cannot read %s of the jars: %s".formatted(resource, InputException.firstLine(e)), e);
    }
    return properties.getProperty(key);
  }
}

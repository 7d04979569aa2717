package org.sparklstm.averaging;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.sparklstm.engine.EngineChoice;
import org.sparklstm.engine.Engines;
import org.sparklstm.engine.Replica;
import org.sparklstm.model.LstmShape;

class ReplicaPoolTest {
  private static final LstmShape SHAPE = new LstmShape(9, 3, 1);
  private static final EngineChoice ENGINE = Engines.here(SHAPE);

  /** Lends a replica and takes it back. */
  private static Replica lent() {
    ReplicaPool.Loan loan = ReplicaPool.lend(ENGINE, SHAPE, 2);
    loan.end(true);
    return loan.replica();
  }

  @Test
  void aReplicaIsLentAgainUntilItWasIdleForLong() {
    Replica first = lent();
    ReplicaPool.close(Duration.ofHours(1));
    assertThat(lent()).isSameAs(first);

    ReplicaPool.close(Duration.ZERO);
    assertThat(lent()).isNotSameAs(first);
  }

  @Test
  void whatTwoTasksHaveAtOnceAreTwoReplicas() {
    ReplicaPool.Loan one = ReplicaPool.lend(ENGINE, SHAPE, 2);
    ReplicaPool.Loan other = ReplicaPool.lend(ENGINE, SHAPE, 2);
    assertThat(one.replica()).isNotSameAs(other.replica());
    one.end(true);
    other.end(true);

    assertThat(lent()).isSameAs(other.replica()); // the one that was used last
  }

  @Test
  void aReplicaOfATaskThatFailedIsNotLentAgain() {
    ReplicaPool.Loan loan = ReplicaPool.lend(ENGINE, SHAPE, 2);
    loan.end(false);

    assertThat(lent()).isNotSameAs(loan.replica());
  }
}

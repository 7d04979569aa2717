package org.sparklstm.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklstm.error.ConfigurationException;

class LaneAssignmentTest {

  @Test
  void theFirstWorkersHaveTheLanesThatAreLeftOver() {
    LaneAssignment split = new LaneAssignment(20, 8);

    assertThat(IntStream.range(0, 8).map(split::lanesOf)).containsExactly(3, 3, 3, 3, 2, 2, 2, 2);
    assertThat(IntStream.rangeClosed(0, 8).map(split::firstLane))
        .containsExactly(0, 3, 6, 9, 12, 14, 16, 18, 20);
    assertThat(IntStream.range(0, 20).map(split::workerOf))
        .containsExactly(0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
  }

  @Test
  void weightIsTheShareOfTheLanes() {
    assertThat(new LaneAssignment(20, 8).weights())
        .containsExactly(0.15, 0.15, 0.15, 0.15, 0.1, 0.1, 0.1, 0.1);
  }

  @Test
  void oneWorkerHasAllLanesAndTheWholeWeight() {
    assertThat(new LaneAssignment(20, 1).lanesOf(0)).isEqualTo(20);
    assertThat(new LaneAssignment(20, 1).weights()).containsExactly(1);
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 0, 21})
  void workersMustBeAtLeastOneAndAtMostTheLanes(int workers) {
    assertThatThrownBy(() -> new LaneAssignment(20, workers))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("Cannot split lanes: data.lanes 20 is less than cluster.workers " + workers);
  }

  @Property
  void everyLaneIsOfTheWorkerWhoseRangeHoldsIt(
      @ForAll @IntRange(min = 1, max = 500) int workers, @ForAll @IntRange(max = 2_000) int more) {
    LaneAssignment split = new LaneAssignment(workers + more, workers);

    int lane = 0;
    for (int worker = 0; worker < workers; worker++) {
      assertThat(split.firstLane(worker)).isEqualTo(lane);
      for (int i = 0; i < split.lanesOf(worker); i++) {
        assertThat(split.workerOf(lane++)).isEqualTo(worker);
      }
    }
    assertThat(lane).isEqualTo(split.lanes());
  }

  @Property
  void sharesDifferByAtMostOneLaneAndWeighOne(
      @ForAll @IntRange(min = 1, max = 500) int workers, @ForAll @IntRange(max = 2_000) int more) {
    LaneAssignment split = new LaneAssignment(workers + more, workers);

    assertThat(split.lanesOf(0) - split.lanesOf(workers - 1)).isBetween(0, 1);
    assertThat(Arrays.stream(split.weights()).sum()).isCloseTo(1, within(1e-12));
  }
}

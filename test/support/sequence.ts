/** The order of the test files: those that take longest first, so that no core waits for them at the end. */
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** They make environments, and run programs of other people by the dozen. */
const LONGEST = '/test/e2e/';

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification): boolean => moduleId.includes(LONGEST);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

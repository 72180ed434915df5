/** Tests: public behaviour of the sources, and of the built command line against real tools. */
import { defineConfig, type ViteUserConfig } from 'vitest/config';
import { LongestFirst } from './test/support/sequence.ts';

const config: ViteUserConfig = defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/long/**'],
    globalSetup: ['test/support/build.ts'],
    // vitest itself would leave one core idle: half of the machine where there are two
    maxWorkers: '100%',
    sequence: { sequencer: LongestFirst },
    // as long as a test takes on a machine with much else to do
    testTimeout: 120_000,
    hookTimeout: 180_000,
    reporters: ['default'],
  },
});

export default config;

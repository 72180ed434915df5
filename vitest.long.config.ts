/** Every test in full depth, and those that take minutes: many generated layouts, long fuzzing, whole corpora. `npm run test:long`. */
import { defineConfig, mergeConfig, type ViteUserConfig } from 'vitest/config';
import usual from './vitest.config.ts';

const config: ViteUserConfig = mergeConfig(
  { ...usual, test: { ...usual.test, exclude: [] } },
  defineConfig({ test: { env: { RELOCATE_TESTS: 'full' }, testTimeout: 1_800_000, hookTimeout: 1_800_000 } }),
);

export default config;

import type { Reporter, TestModule } from 'vitest/node';

/**
 * Last line of a run: `N passed, N failed, N skipped`. Before it every skipped test and every test that passed only
 * when it was tried again, by name, so that neither is silent.
 */
export default class CountingReporter implements Reporter {
  onTestRunEnd(testModules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const skipped: string[] = [];
    const unsteady: string[] = [];
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    for (const testModule of testModules) {
      let failedInside = false;
      for (const test of testModule.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed') {
          counts.passed += 1;
          if (test.diagnostic()?.flaky)
            unsteady.push(`${testModule.relativeModuleId} > ${test.fullName}`);
        } else if (state === 'failed') {
          counts.failed += 1;
          failedInside = true;
        } else {
          counts.skipped += 1;
          skipped.push(`${testModule.relativeModuleId} > ${test.fullName}`);
        }
      }
      if (testModule.state() === 'failed' && !failedInside) counts.failed += 1;
      for (const suite of testModule.children.allSuites()) {
        // A suite that cannot have its program is skipped before it declares a test: it counts as one.
        if (suite.options.mode !== 'skip' || suite.children.size > 0) continue;
        counts.skipped += 1;
        skipped.push(`${testModule.relativeModuleId} > ${suite.fullName}`);
      }
    }
    for (const name of unsteady) console.log(`UNSTEADY ${name}`);
    for (const name of skipped) console.log(`SKIPPED ${name}`);
    console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  }
}

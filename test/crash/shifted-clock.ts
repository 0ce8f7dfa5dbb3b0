/**
 * Loaded before the built `bb` by `node --import`, and by nothing else: its clock is `BB_TEST_CLOCK_AHEAD_MS` off. What
 * the kernel counts from the boot on is not.
 */
const aheadMs = Number(process.env['BB_TEST_CLOCK_AHEAD_MS']);
const realNow = Date.now.bind(Date);
delete process.env['NODE_OPTIONS'];

Date.now = () => realNow() + aheadMs;

/**
 * For tests through a whole engine, where one late answer in an hour must not stop a change: `.ci/run` tries these once
 * more, and the reporter names what needed it. Attacks never have it: one that gets through once got through.
 */
export const SECOND_TRY = { retry: process.env['BB_TEST_SECOND_TRY'] === undefined ? 0 : 1 };

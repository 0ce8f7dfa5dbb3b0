import { describe } from 'vitest';
import { embeddedUnderTest } from '../engines/embedded-under-test.ts';
import { backendContract } from './backend-contract.ts';

const embedded = await embeddedUnderTest();

if (embedded.kind === 'embedded') backendContract(embedded.under);
else describe.skip(`backend contract: embedded (${embedded.reason})`);

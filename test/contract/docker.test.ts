import { describe } from 'vitest';
import { dockerUnderTest } from '../engines/docker-under-test.ts';
import { backendContract } from './backend-contract.ts';

const docker = await dockerUnderTest();

if (docker.kind === 'docker') backendContract(docker.under);
else describe.skip(`backend contract: docker (${docker.reason})`);

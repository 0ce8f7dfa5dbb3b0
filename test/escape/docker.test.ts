import { dockerUnderTest } from '../engines/docker-under-test.ts';
import { escapeSuite } from './escape-suite.ts';

escapeSuite('docker', await dockerUnderTest());

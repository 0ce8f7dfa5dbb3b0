import type { NpmPrograms } from './npm-programs.ts';

/** The MCP project's own test of servers; some 50 MB. */
export const CONFORMANCE_PROGRAM: NpmPrograms = {
  name: 'conformance',
  packages: { '@modelcontextprotocol/conformance': '0.1.16' },
  programs: { conformance: '@modelcontextprotocol/conformance/dist/index.js' },
};

/** What a request asks of git's smart HTTP protocol, judged by its URL and content type. */
export type GitRequest = 'push' | 'fetch' | 'none';

/**
 * git pushes and fetches over HTTP by fixed paths below any repository URL. The query is read as a server would read
 * it, so that an escaped service name is still seen.
 */
export function gitRequest(
  rawPath: string,
  query: string,
  contentType: readonly string[] | undefined,
): GitRequest {
  // Java servers look past what follows a semicolon.
  const path = rawPath.replace(/(?:;|%3B)[^/]*/gi, '');
  if (path.endsWith('/git-receive-pack') || isContentOf(contentType, 'receive')) return 'push';
  if (path.endsWith('/git-upload-pack') || isContentOf(contentType, 'upload')) return 'fetch';
  if (!path.endsWith('/info/refs')) return 'none';
  const services = new URLSearchParams(query).getAll('service');
  if (services.includes('git-receive-pack')) return 'push';
  return services.includes('git-upload-pack') ? 'fetch' : 'none';
}

function isContentOf(contentType: readonly string[] | undefined, service: string): boolean {
  return (
    contentType?.some((each) =>
      each.toLowerCase().startsWith(`application/x-git-${service}-pack`),
    ) ?? false
  );
}

/**
 * Node's HTTP/2, asked for when the first of these modules is: an `import` of it would be lifted to the top of the
 * built file and cost every bottle 5 MB, also those whose tools speak HTTP/1.1 alone.
 */
export const { connect, constants, performServerHandshake, sensitiveHeaders } =
  process.getBuiltinModule('node:http2');

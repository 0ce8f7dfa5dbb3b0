const DEFAULT_PATH = '/usr/bin:/bin:/usr/sbin:/sbin';

/** Of our own environment what the programs around a sandbox need: where they are, and the user's bus. */
export function outerEnvironment(environment = process.env): Readonly<NodeJS.ProcessEnv> {
  const { PATH = DEFAULT_PATH, XDG_RUNTIME_DIR, DBUS_SESSION_BUS_ADDRESS } = environment;
  return {
    PATH,
    ...(XDG_RUNTIME_DIR === undefined ? {} : { XDG_RUNTIME_DIR }),
    ...(DBUS_SESSION_BUS_ADDRESS === undefined ? {} : { DBUS_SESSION_BUS_ADDRESS }),
  };
}

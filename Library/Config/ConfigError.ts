/** A configuration that cannot be used; the message has one line an option: its name, what it got, what it may be. */
export class ConfigError extends Error {
  override name = 'ConfigError'
}

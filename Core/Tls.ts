import { createHash, createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { ConfigError } from '../Library/Config/ConfigError'
import type { AppConfig } from '../Library/Config/Schema'

/** The certificate of a public port. */
export interface Tls {
  /** Full paths of files in PEM. */
  readonly cert: string
  readonly key: string
  /** Tells whether the files have changed. */
  readonly digest: string
}

/**
 * Looks at the certificates of all public ports, so that one that cannot be used stops a start, and lets a reload change nothing.
 * @param folder of the project, from which on the files are named
 * @returns by port
 * @throws ConfigError that names the file
 */
export function readTls(folder: string, outside: AppConfig['outside']): Map<string, Tls> {
  const found = new Map<string, Tls>()
  for (const [name, { tls }] of Object.entries(outside)) {
    if (tls) found.set(name, readOne(`outside.${name}.tls`, resolve(folder, tls.cert), resolve(folder, tls.key)))
  }
  return found
}

function readOne(option: string, cert: string, key: string): Tls {
  const [certText, keyText] = [read(`${option}.cert`, cert), read(`${option}.key`, key)]
  const certificate = usable(`${option}.cert`, cert, 'certificate in PEM', () => new X509Certificate(certText))
  const privateKey = usable(`${option}.key`, key, 'private key in PEM', () => createPrivateKey(keyText))
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new ConfigError(`${option}: ${key} is not the key of the certificate in ${cert}`)
  }
  return { cert, key, digest: createHash('sha256').update(certText).update(keyText).digest('hex') }
}

function read(option: string, file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    throw new ConfigError(`${option} cannot be read: ${error instanceof Error ? error.message : error}`)
  }
}

function usable<T>(option: string, file: string, what: string, make: () => T): T {
  try {
    return make()
  } catch {
    throw new ConfigError(`${option}: there is no ${what} in ${file}`)
  }
}

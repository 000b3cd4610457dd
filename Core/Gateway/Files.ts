import type { FileHandle } from 'node:fs/promises'
import { open, realpath, stat } from 'node:fs/promises'
import { extname, join, resolve, sep } from 'node:path'
import { log } from '../../Library/Log/Log'
import type { HttpRequest, HttpResponse } from './Engine'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.txt': 'text/plain; charset=utf-8',
  '.ts': 'text/plain; charset=utf-8',
  '.md': 'text/markdown; charset=utf-8',
  '.xml': 'application/xml',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.gif': 'image/gif',
  '.webp': 'image/webp',
  '.avif': 'image/avif',
  '.ico': 'image/x-icon',
  '.woff': 'font/woff',
  '.woff2': 'font/woff2',
  '.mp3': 'audio/mpeg',
  '.mp4': 'video/mp4',
  '.wasm': 'application/wasm',
  '.pdf': 'application/pdf',
}

/** Bytes that are read, and given to a connection, at a time. */
const CHUNK = 256 * 1024

interface Found {
  readonly file: FileHandle
  readonly type: string
  readonly size: number
  readonly etag: string
}

/** The files of Public/static: those of the project, and those that come with the framework. */
export class Files {
  readonly #roots: readonly string[]

  /** @param roots folders; a file of an earlier one hides one of a later */
  constructor(roots: readonly string[]) {
    this.#roots = roots.map((root) => resolve(root))
  }

  /** Answers a GET or a HEAD. @param missing answers when there is no such file */
  async serve(response: HttpResponse, request: HttpRequest, missing: (response: HttpResponse) => void): Promise<void> {
    // The request can be read only now, and the response used only while the client is there.
    const [path, head, known] = [request.getUrl(), request.getMethod() === 'head', request.getHeader('if-none-match')]
    const answer = new Answer(response)
    let found: Found | 'folder' | undefined
    try {
      found = await this.#find(path)
      if (found === undefined) return answer.write(missing)
      if (found === 'folder')
        return answer.write((to) => to.writeStatus('301 Moved').writeHeader('location', `${path}/`).end())
      const { etag } = found
      if (known.split(',').some((tag) => tag.trim() === etag)) answer.unchanged(etag)
      else await answer.send(found, head)
    } catch (error) {
      log.error({ err: error, path }, 'a file could not be served')
      answer.fail()
    } finally {
      if (typeof found === 'object') await found.file.close()
    }
  }

  async #find(path: string): Promise<Found | 'folder' | undefined> {
    const name = decode(path)
    if (name === undefined) return undefined
    for (const root of this.#roots) {
      const found = await findIn(root, name.endsWith('/') ? `${name}index.html` : name)
      if (found !== undefined) return found
    }
    return undefined
  }
}

/** An answer that a client may leave at any moment. */
class Answer {
  readonly #response: HttpResponse
  #gone = false
  #writable: (() => void) | undefined

  constructor(response: HttpResponse) {
    this.#response = response
    response.onAborted(() => {
      this.#gone = true
      this.#writable?.()
    })
  }

  write(writer: (response: HttpResponse) => void): void {
    if (!this.#gone) this.#response.cork(() => writer(this.#response))
  }

  unchanged(etag: string): void {
    this.write((response) => response.writeStatus('304 Not Modified').writeHeader('etag', etag).endWithoutBody())
  }

  /** Half an answer must not look like a whole one. */
  fail(): void {
    if (!this.#gone) this.#response.close()
  }

  async send({ file, type, size, etag }: Found, head: boolean): Promise<void> {
    this.write((response) => {
      response.writeHeader('content-type', type).writeHeader('x-content-type-options', 'nosniff')
      response.writeHeader('etag', etag).writeHeader('cache-control', 'no-cache')
      if (head || size === 0) response.endWithoutBody(size)
    })
    if (head || size === 0) return
    const buffer = Buffer.allocUnsafe(Math.min(CHUNK, size))
    for (let at = 0; at < size && !this.#gone; ) {
      const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, size - at), at)
      if (bytesRead === 0) throw new Error('the file became shorter while it was sent')
      await this.#give(buffer.subarray(0, bytesRead), at, size)
      at += bytesRead
    }
  }

  /** Resolves when the client has taken enough of it for more. */
  #give(chunk: Uint8Array, from: number, size: number): Promise<void> {
    if (this.#gone) return Promise.resolve()
    return new Promise((resolve) => {
      this.#writable = resolve
      const rest = (offset: number) => {
        const [took, done] = this.#response.tryEnd(chunk.subarray(offset - from), size)
        if (took || done) resolve()
        return took
      }
      this.#response.onWritable((offset) => rest(offset))
      this.#response.cork(() => rest(from))
    })
  }
}

/** @returns the path below a root; undefined where it could mean anything else */
function decode(path: string): string | undefined {
  try {
    const name = decodeURIComponent(path)
    const strange = name.includes('\0') || name.includes('\\') || name.split('/').some((part) => part.startsWith('.'))
    return strange || name.includes('//') ? undefined : name
  } catch {
    return undefined // no UTF-8
  }
}

/** A link that leads out of the root leads nowhere. */
async function findIn(root: string, name: string): Promise<Found | 'folder' | undefined> {
  try {
    const real = await realpath(join(root, name))
    if (!real.startsWith((await realpath(root)) + sep)) return undefined
    const file = await open(real)
    const found = await file.stat()
    if (found.isFile()) {
      const type = TYPES[extname(name).toLowerCase()] ?? 'application/octet-stream'
      return {
        file,
        type,
        size: found.size,
        etag: `"${found.size.toString(36)}-${Math.trunc(found.mtimeMs).toString(36)}"`,
      }
    }
    await file.close()
    // A folder without an index is nothing.
    return found.isDirectory() && (await stat(join(real, 'index.html'))).isFile() ? 'folder' : undefined
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

const MISSING = ['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'EISDIR', 'ELOOP']
const isMissing = (error: unknown) => error instanceof Error && 'code' in error && MISSING.includes(String(error.code))

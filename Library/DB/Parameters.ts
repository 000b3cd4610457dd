import type { ServerDsn } from './Dsn'

/** What a url says beyond who and where. */
export interface Extras {
  /** `ssl=true`: by TLS, with a certificate that Node trusts; `ssl=no-verify`: with any. */
  readonly ssl: { readonly rejectUnauthorized: boolean } | undefined
  /** For the driver. */
  readonly options: Readonly<Record<string, unknown>>
}

/** Texts of a url as the values that they mean: `true`, `5`, `{"a":1}`, else the text itself. */
export function extrasOf({ parameters }: ServerDsn): Extras {
  const { ssl, ...others } = parameters
  return {
    ssl: ssl === undefined || ssl === 'false' ? undefined : { rejectUnauthorized: ssl !== 'no-verify' },
    options: Object.fromEntries(Object.entries(others).map(([name, text]) => [name, meaningOf(text)])),
  }
}

function meaningOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

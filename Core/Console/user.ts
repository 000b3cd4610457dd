import { type Command, InvalidArgumentError } from 'commander'
import type { AppConfig } from '../../Library/Config/Schema'
import { des, sealV2 } from '../../Library/Encrypt/Encrypt'

/** Who an auth string is made for. */
export interface UserOptions {
  readonly id: string
  readonly type: string
  readonly code: string
  readonly nickname: string
  readonly form: 'des' | 'v2'
}

/** The user of the examples that the banner and the README print. */
export const EXAMPLE: UserOptions = { id: '1', type: 'wechatUser', code: 'A', nickname: '小明', form: 'des' }

/** Lets a command take a user. */
export function addUserOptions(command: Command): Command {
  return command
    .option('--id <id>', 'user id', EXAMPLE.id)
    .option('--type <type>', 'auth type: wechatUser, wall ...', EXAMPLE.type)
    .option('--code <code>', 'room code', EXAMPLE.code)
    .option('--nickname <name>', 'nickname', EXAMPLE.nickname)
    .option('--form <form>', 'des, which MSwoole knows, or v2', readForm, EXAMPLE.form)
}

/** An auth string as the PHP issuer makes it: fresh, and encrypted with the first key. */
export function makeAuth({ form, ...user }: UserOptions, { auth }: AppConfig): string {
  const { id, type, code, nickname } = user
  const json = JSON.stringify({ id, type, code, nickname, ctime: Math.floor(Date.now() / 1000) })
  const [key = ''] = auth.key
  return form === 'v2' ? sealV2(json, key) : des(json, key)
}

function readForm(value: string): 'des' | 'v2' {
  if (value === 'des' || value === 'v2') return value
  throw new InvalidArgumentError('It is des or v2.')
}

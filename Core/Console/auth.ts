import type { Command } from 'commander'
import { presentProject } from './project'
import { addUserOptions, makeAuth, type UserOptions } from './user'

export function addAuth(program: Command): void {
  addUserOptions(program.command('auth'))
    .description('print a fresh auth string for trying things out, made with the first key of the configuration')
    .action((options: UserOptions) => {
      console.log(makeAuth(options, presentProject().config))
    })
}

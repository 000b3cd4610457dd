import type { Options } from '../options'
import type { Row } from '../row'
import type { RowName } from '../sets'
import { call, checked } from './call'
import { compute } from './compute'
import { fanout, fanout2 } from './fanout'
import { handshake } from './handshake'
import { idle, scaleIdle } from './idle'
import { latency } from './latency'
import { layers } from './layers'
import { peersCall, peersFanout, peersFanout2, peersIdle } from './peers'
import { reload } from './reload'
import { restart } from './restart'
import { scaleCall, scaleGroup, scaleOpen } from './scale'
import { start } from './start'

/** How each row is measured; it may become several in the table. */
export const ROWS: Readonly<Record<RowName, (options: Options) => AsyncGenerator<Row>>> = {
  call,
  checked,
  latency,
  fanout,
  fanout2,
  handshake,
  idle,
  compute,
  reload,
  start,
  'peers-call': peersCall,
  'peers-fanout': peersFanout,
  'peers-fanout2': peersFanout2,
  'peers-idle': peersIdle,
  'scale-idle': scaleIdle,
  'scale-call': scaleCall,
  'scale-group': scaleGroup,
  'scale-open': scaleOpen,
  layers,
  restart,
}

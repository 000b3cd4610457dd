import { defineConfig } from 'mswoole-ts'

export default defineConfig({
  setting: {
    mode: 'process', // 'base': gateway and worker in one process
    controller_timeout: 10, // s
    max_in_flight: 32, // calls under way a connection
    heartbeat_idle_time: 60, // s
    package_max_length: 16384, // bytes
    socket_buffer_size: 1048576, // bytes
  },
  manager: { host: '127.0.0.1', port: 20001 },
  outside: { main: { host: '127.0.0.1', port: 20000, auth: true } },
  auth: { key: ['kfw001-websocket'], accept: ['des', 'v2'], ttl: 86400 /* s */, multiLogin: { wechatUser: 'allow' } },
  limits: { rate: 100 /* messages a second a connection */, burst: 200, perIp: 0 },
  ack: true,
  filter: 'html',
  groups: { raw: [] },
})

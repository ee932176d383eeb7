import { defineProcessor } from '../runtime/define.ts';

export const bridge = defineProcessor({
  name: 'bridge',
  description: 'Passes messages through unchanged; connects two named destinations.',
  example: ':orders > bridge > :audited-orders',
  process: (message) => message,
});

import type { ApiOperation } from './api';
import { cardOperations } from './api-card';
import { educationOperations } from './api-education';
import { enterpriseOperations } from './api-enterprise';
import { profileOperations } from './api-profile';

/** Every operation of the REST API that the emulator serves. */
export const apiOperations: readonly ApiOperation[] = [
  ...profileOperations,
  ...enterpriseOperations,
  ...educationOperations,
  ...cardOperations,
];

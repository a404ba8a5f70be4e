import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { RedisFunctionsModuleOptions } from './options.js';

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<RedisFunctionsModuleOptions>()
    .setClassMethodName('forRoot')
    .setExtras(
      // true by default: @RateLimited() brings its guard into every module that uses it, and the guard needs the limiter
      { isGlobal: true },
      (definition, { isGlobal }) => ({ ...definition, global: isGlobal }),
    )
    .build();

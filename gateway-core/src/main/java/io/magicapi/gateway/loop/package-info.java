/** Time on an event loop: many deadlines, one timer. */
@NullMarked
package io.magicapi.gateway.loop;

import org.jspecify.annotations.NullMarked;

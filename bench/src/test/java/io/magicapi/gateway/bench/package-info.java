@NullMarked
package io.magicapi.gateway.bench;

import org.jspecify.annotations.NullMarked;

/**
 * What a plugin author tests with: real plugin jars, built from source in a test.
 */
@NullMarked
package io.magicapi.gateway.testkit;

import org.jspecify.annotations.NullMarked;

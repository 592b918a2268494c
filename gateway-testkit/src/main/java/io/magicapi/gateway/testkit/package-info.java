/**
 * What a plugin author tests with. {@link io.magicapi.gateway.testkit.FakeUpstream} stands in for a provider's server:
 * it records every byte it is sent, and answers as scripted by {@link io.magicapi.gateway.testkit.Answer}, {@link
 * io.magicapi.gateway.testkit.Faults} and {@link io.magicapi.gateway.testkit.Streams}. {@link
 * io.magicapi.gateway.testkit.TestCall} stands in for the gateway.
 */
@NullMarked
package io.magicapi.gateway.testkit;

import org.jspecify.annotations.NullMarked;

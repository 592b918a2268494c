/**
 * What a plugin author tests with, over real sockets and with real jars. {@link
 * io.magicapi.gateway.testkit.ProviderContract} has the rules that every provider keeps, as tests to extend. {@link
 * io.magicapi.gateway.testkit.FakeUpstream} stands for the provider's server and misbehaves on command, {@link
 * io.magicapi.gateway.testkit.TestCall} stands for the gateway where a provider is tested alone, {@link
 * io.magicapi.gateway.testkit.PluginJar} builds the jar that an operator would drop in. {@link
 * io.magicapi.gateway.testkit.FaultBench} shows what comes of a provider's faults where a route has another one.
 */
@NullMarked
package io.magicapi.gateway.testkit;

import org.jspecify.annotations.NullMarked;

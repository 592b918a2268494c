/**
 * Amazon Bedrock, by its Converse API. {@link io.magicapi.gateway.provider.bedrock.BedrockProvider} opens an exchange:
 * {@code ConverseRequest} turns OpenAI's chat request into Converse's, {@code Authorization} signs it, and
 * {@code ConverseAnswer}, {@code ConverseStream} and {@code AwsError} turn what comes back into OpenAI's answers. All of
 * it runs where the gateway calls it and keeps nothing between requests.
 */
@NullMarked
package io.magicapi.gateway.provider.bedrock;

import org.jspecify.annotations.NullMarked;

package io.magicapi.gateway.health;

/** How a key stands, told as the one thing that an operator should know first. */
public enum KeyState {
    /** It is used, though perhaps not for a model that the provider forbids it. */
    USABLE,
    /** It has to wait, for a model at least: it has used up its share. */
    COOLING,
    /** Its account has no money left. */
    UNPAID,
    /** The provider refuses it. */
    DEAD
}

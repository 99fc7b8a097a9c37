export const placement = "placement needs a cluster";
export const rollout = "rollouts need a cluster";
export const noServer = "there is no server to lose";
export const noConnect = "Consul Connect is not available here";
export const noConsul = "Consul is not available here";
export const noRegistry = "only templates of this run look for services";
export const noVault = "Vault is not available here; pass secrets in env or with -var";
export const noSecrets = "secret providers are not available here; pass secrets in env or with -var";
